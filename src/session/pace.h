// SPDX-License-Identifier: Apache-2.0
// How often a run is looked at, and which looks are stored. Automatic pace stores every 20 ms at first and
// doubles that as the run grows, so that a run of any length holds about 2,000 ticks; looks that are not
// stored still happen once a second at least. Looking may cost half a per cent of one processor and a little
// ahead, for the first looks are the dearest and a short run has no others.
// Pure: times in, times out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace ullage::session {

class Pace {
 public:
  using Duration = std::chrono::nanoseconds;
  static constexpr std::uint64_t kTicksHeld = 2000;  // automatic pace: at this many, ticks are halved
  static constexpr Duration kFirstInterval = std::chrono::milliseconds(20);
  static constexpr Duration kLongestLook = std::chrono::seconds(1);
  static constexpr double kCostShare = 0.005;  // of one processor
  static constexpr Duration kCostAhead = std::chrono::milliseconds(10);

  explicit Pace(std::optional<Duration> fixed_interval);

  // The delay until the next look, at `elapsed` since the start, when all since the look before (waking,
  // exits, the command's lines, the look itself) took `cost` of CPU time.
  Duration until_next_look(Duration elapsed, Duration cost);
  // True when the look at `elapsed` is due to be stored; the next one is then an interval later.
  bool take_store(Duration elapsed);
  // True when the run holds as many ticks as it should; the caller halves them, the interval doubles.
  bool take_doubling(std::uint64_t ticks_held);
  Duration interval() const { return interval_; }

 private:
  bool automatic_;
  Duration interval_;
  Duration next_store_{0};
  Duration usual_cost_{0}, spent_{0};
};

}  // namespace ullage::session
