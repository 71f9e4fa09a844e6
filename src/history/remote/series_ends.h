// SPDX-License-Identifier: Apache-2.0
// Which series have ended, said by the ticks they are missing from: as for gaps in a history
// (history/gaps.h), one has ended when it stays away for more than three times the distance it had before,
// and its marker of staleness stands where the next sample was due. Pure; holds the series that live and no
// others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "metric/series.h"

namespace ullage::history {

class SeriesEnds {
 public:
  // More than `series_max` that live are not watched: their ends are not said.
  explicit SeriesEnds(std::size_t series_max = 100'000) : series_max_(series_max) {}
  // Takes note of a tick; the ticks of markers that are due now.
  std::vector<metric::Tick> look(const metric::Tick& tick);
  bool is_live(metric::SeriesId id) const { return live_.contains(id); }
  std::size_t live() const { return live_.size(); }
  std::uint64_t unwatched_samples() const { return unwatched_samples_; }

 private:
  struct Life {
    std::int64_t last_ms;
    std::int64_t distance_ms;  // 0 before there are two samples
  };
  std::unordered_map<metric::SeriesId, Life> live_;
  std::size_t series_max_;
  std::uint64_t unwatched_samples_ = 0;
  std::int64_t last_tick_ms_ = 0;
  std::int64_t tick_distance_ms_ = 0;
};

}  // namespace ullage::history
