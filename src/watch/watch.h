// SPDX-License-Identifier: Apache-2.0
// The tick of the daemon: sense → live series → history and those far away, once an interval. Knows nothing
// of loops, servers or signals; time is passed in, so that a day is watched in a second. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.h"
#include "metric/frame.h"
#include "metric/live_series.h"
#include "watch/collecting.h"
#include "watch/forwarder.h"
#include "watch/keeper.h"

namespace ullage::watch {

struct WatchCounts {
  std::uint64_t ticks = 0;
  double last_duration_seconds = 0;  // of the last tick, all of it
};

class Watch {
 public:
  // Without a keeper nothing is stored.
  Watch(std::vector<Source> sources, std::size_t series_max, Keeper* keeper, const Clock& clock);

  // From the next tick on; nothing leaves with none. It must outlive the watch, or be taken away before.
  void forward_to(Forwarder* forwarder) { forwarder_ = forwarder; }
  // All values of this moment, which is a multiple of the interval so that series share their times.
  void look(std::int64_t time_ms);

  metric::LiveSeries& live() { return live_; }
  const metric::LiveSeries& live() const { return live_; }
  std::span<const SourceStatus> statuses() const { return collecting_.statuses(); }
  const WatchCounts& counts() const { return counts_; }

 private:
  const Clock& clock_;
  Collecting collecting_;
  metric::LiveSeries live_;
  Keeper* keeper_;
  Forwarder* forwarder_ = nullptr;
  std::int64_t tidied_ms_ = 0;
  WatchCounts counts_;
};

// The first moment after `now_ms` at which a tick is due.
std::int64_t next_tick_ms(std::int64_t now_ms, std::int64_t interval_ms);

}  // namespace ullage::watch
