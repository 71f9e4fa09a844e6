// SPDX-License-Identifier: Apache-2.0
#include "watch/tick_schedule.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "watch/watch.h"

namespace ullage::watch {

namespace {

// More than a timer is ever early; a clock that was set back by less is waited for.
constexpr std::int64_t kEarlyMs = 50;

}  // namespace

std::optional<TickSchedule::Tick> TickSchedule::due(std::int64_t now_ms, std::chrono::milliseconds interval) {
  if (now_ms < due_ms_ && due_ms_ - now_ms <= std::min(kEarlyMs, interval.count())) return std::nullopt;
  // Later than what was due, the moments between have gone by unseen, or the clock was set.
  Tick tick{.time_ms = next_tick_ms(now_ms, interval.count()) - interval.count()};
  if (due_ms_ != 0) {
    tick.lateness = std::chrono::milliseconds(std::max<std::int64_t>(0, now_ms - due_ms_));
    if (tick.time_ms > due_ms_)
      tick.skipped = static_cast<std::uint64_t>((tick.time_ms - due_ms_) / interval.count());
  }
  return tick;
}

std::chrono::milliseconds TickSchedule::until_next(std::int64_t now_ms, std::chrono::milliseconds interval) {
  due_ms_ = next_tick_ms(now_ms, interval.count());
  return std::chrono::milliseconds(due_ms_ - now_ms);
}

}  // namespace ullage::watch
