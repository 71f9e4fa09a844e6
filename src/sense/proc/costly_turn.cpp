// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/costly_turn.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "sense/proc/process_files.h"
#include "sense/proc/process_tree.h"
#include "sense/proc/tracked_process.h"

namespace ullage::sense {

using std::chrono::nanoseconds;

namespace {

constexpr nanoseconds kBudgetAtStart = std::chrono::milliseconds(1);
// Saved up at most: a quiet stretch may pay for one reading of a large process's PSS, not for a burst.
constexpr double kBudgetSavedSeconds = 10;
constexpr nanoseconds kProportionalEvery = std::chrono::seconds(1);
constexpr std::uint64_t kProportionalFromBytes = 1 << 20;
// What PSS costs before it was ever read: 37 µs, and 20 ms for 2 GiB.
constexpr nanoseconds kProportionalBase = std::chrono::microseconds(37);
constexpr std::uint64_t kProportionalBytesPerNanosecond = 107;

std::uint64_t resident_bytes(const ProportionalTurn& turn) {
  return turn.process->sample.resident_bytes.value_or(0);
}

nanoseconds age_of(const TrackedProcess& tracked, nanoseconds now) {
  return tracked.proportional_tried ? now - tracked.proportional_tried_at : std::chrono::hours(1);
}

nanoseconds expected_cost(const ProportionalTurn& turn) {
  if (turn.tracked->proportional_cost > nanoseconds(0)) return turn.tracked->proportional_cost;
  return kProportionalBase + nanoseconds(resident_bytes(turn) / kProportionalBytesPerNanosecond);
}

}  // namespace

bool is_worth_proportional(const TreeProcess& process) {
  return process.sample.resident_bytes.value_or(0) >= kProportionalFromBytes;
}

CostlyBudget::CostlyBudget(double share_of_one_core, const Clock& clock)
    : share_(share_of_one_core), clock_(clock), left_(kBudgetAtStart) {}

void CostlyBudget::earn(nanoseconds now) {
  if (earned_at_)
    left_ +=
        nanoseconds(static_cast<std::int64_t>(static_cast<double>((now - *earned_at_).count()) * share_));
  left_ = std::clamp(left_, -most(), most());
  earned_at_ = now;
}

nanoseconds CostlyBudget::most() const {
  return std::max(kBudgetAtStart, nanoseconds(static_cast<std::int64_t>(kBudgetSavedSeconds * 1e9 * share_)));
}

void read_proportional_in_turn(std::vector<ProportionalTurn>& candidates, ProcessFiles& files,
                               CostlyBudget& budget, nanoseconds now) {
  std::erase_if(candidates, [&](const ProportionalTurn& turn) {
    return !is_worth_proportional(*turn.process) || age_of(*turn.tracked, now) < kProportionalEvery;
  });
  for (ProportionalTurn& turn : candidates)
    turn.weight = to_seconds(age_of(*turn.tracked, now)) * static_cast<double>(resident_bytes(turn));
  // A heap: of a thousand only the first few have their turn.
  const auto is_lighter = [](const auto& a, const auto& b) { return a.weight < b.weight; };
  std::ranges::make_heap(candidates, is_lighter);
  for (; !candidates.empty(); candidates.pop_back()) {
    std::ranges::pop_heap(candidates, is_lighter);
    const ProportionalTurn& turn = candidates.back();
    if (expected_cost(turn) > budget.left() && !budget.is_full()) return;
    turn.tracked->proportional_cost =
        budget.pay_processor_time_for([&] { turn.tracked->read_proportional(files, *turn.process, now); });
  }
}

}  // namespace ullage::sense
