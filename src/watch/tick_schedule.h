// SPDX-License-Identifier: Apache-2.0
// When to look: at the multiples of the interval, so that series share their times. A timer that goes off a
// little early (it counts another clock than the one that is looked at) waits for the rest; one that goes off
// late has the moments between counted; a wall clock that was set is followed. Time is passed in. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace ullage::watch {

class TickSchedule {
 public:
  struct Tick {
    std::int64_t time_ms = 0;  // the moment that is looked at
    std::chrono::milliseconds lateness{0};
    std::uint64_t skipped = 0;  // moments before it that went by unseen
  };
  // When the timer has gone off: the tick, or nothing when it is too early for one.
  std::optional<Tick> due(std::int64_t now_ms, std::chrono::milliseconds interval);
  // How long the timer is to run.
  std::chrono::milliseconds until_next(std::int64_t now_ms, std::chrono::milliseconds interval);

 private:
  std::int64_t due_ms_ = 0;  // 0: at once
};

}  // namespace ullage::watch
