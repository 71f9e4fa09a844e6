// SPDX-License-Identifier: Apache-2.0
#include "history/remote/series_ends.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "history/block.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::int64_t kMissed = 3;
// Of one sample nobody knows how often there will be others: it stands as long as Prometheus looks back.
constexpr std::int64_t kLookbackMs = 300'000;

}  // namespace

std::vector<metric::Tick> SeriesEnds::look(const metric::Tick& tick) {
  if (last_tick_ms_ != 0 && tick.time_ms > last_tick_ms_) tick_distance_ms_ = tick.time_ms - last_tick_ms_;
  last_tick_ms_ = tick.time_ms;
  for (const metric::Value& value : tick.values) {
    if (live_.size() >= series_max_ && !live_.contains(value.series)) {
      ++unwatched_samples_;
      continue;
    }
    const auto [life, is_new] = live_.try_emplace(value.series, Life{tick.time_ms, 0});
    if (is_new || tick.time_ms == life->second.last_ms) continue;
    // A clock that was set back begins anew.
    life->second.distance_ms = tick.time_ms > life->second.last_ms ? tick.time_ms - life->second.last_ms : 0;
    life->second.last_ms = tick.time_ms;
  }
  std::map<std::int64_t, metric::Tick> markers;
  for (auto life = live_.begin(); life != live_.end();) {
    const auto [last_ms, own_ms] = life->second;
    const std::int64_t distance_ms = own_ms > 0 ? own_ms : tick_distance_ms_;
    const std::int64_t patience_ms =
        own_ms > 0 ? kMissed * own_ms : std::max(kMissed * tick_distance_ms_, kLookbackMs);
    if (distance_ms == 0 || tick.time_ms - last_ms <= patience_ms) {
      ++life;
      continue;
    }
    metric::Tick& marker = markers[last_ms + distance_ms];
    marker.time_ms = last_ms + distance_ms;
    marker.add(life->first, kAbsent);
    life = live_.erase(life);
  }
  std::vector<metric::Tick> due;
  for (auto& [time_ms, marker] : markers) due.push_back(std::move(marker));
  return due;
}

}  // namespace ullage::history
