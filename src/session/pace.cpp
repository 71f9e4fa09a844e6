// SPDX-License-Identifier: Apache-2.0
#include "session/pace.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace ullage::session {

namespace {

using std::chrono::milliseconds;

// A run of a few milliseconds wants looks that are closer together: 2, 4, 8, 16 ms after the start.
constexpr Pace::Duration kFirstLook = milliseconds(2);
constexpr Pace::Duration kFirstCost = milliseconds(2);

}  // namespace

Pace::Pace(std::optional<Duration> fixed_interval)
    : automatic_(!fixed_interval), interval_(fixed_interval.value_or(kFirstInterval)) {}

Pace::Duration Pace::until_next_look(Duration elapsed, Duration cost) {
  // All processes of the machine are looked at once, to find the run's: that says nothing of later looks, and
  // paying it back would leave the first seconds without samples.
  const bool is_first = usual_cost_ == Duration(0);
  if (is_first) cost = std::min(cost, kFirstCost);
  usual_cost_ = is_first ? cost : (usual_cost_ * 7 + cost) / 8;
  const auto earned = std::chrono::duration_cast<Duration>(elapsed * kCostShare);
  spent_ = std::max(spent_ + cost, earned - kCostAhead);  // what was not spent is not saved for ever
  if (automatic_ && elapsed < kFirstInterval) return std::max(kFirstLook, elapsed);
  const auto affordable = std::chrono::duration_cast<Duration>(usual_cost_ / kCostShare);
  Duration delay = std::min(interval_, kLongestLook);
  if (automatic_ && spent_ > earned + kCostAhead) delay = std::max(delay, std::min(affordable, kLongestLook));
  // On the grid of the interval, so that a look which came late does not push the later ones.
  const Duration grid = elapsed / delay * delay + delay;
  return std::max(grid - elapsed, delay / 4);
}

bool Pace::take_store(Duration elapsed) {
  if (elapsed < next_store_) return false;
  const bool early = automatic_ && elapsed < kFirstInterval;
  next_store_ = early ? elapsed + milliseconds(1) : elapsed / interval_ * interval_ + interval_;
  // A look that comes a little before its time is that time's look.
  next_store_ -= std::min<Duration>(interval_ / 4, milliseconds(200));
  return true;
}

bool Pace::take_doubling(std::uint64_t ticks_held) {
  if (!automatic_ || ticks_held < kTicksHeld) return false;
  interval_ *= 2;
  return true;
}

}  // namespace ullage::session
