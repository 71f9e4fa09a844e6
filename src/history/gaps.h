// SPDX-License-Identifier: Apache-2.0
// Where a series was not, said with markers of staleness. A gap is where a sample comes later than three
// times the distance that the ones around have: a process that ended, an hour's suspend, a daemon that was
// stopped; not a series that is measured less often than others. The marker stands where the next sample was
// due.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "history/series_file.h"

namespace ullage::history {

// The least and the greatest distance between neighbours: most series tell by it that they are in order and
// have no gaps, so that nobody need look at each sample again.
struct Spacing {
  std::int64_t least_ms = INT64_MAX;
  std::int64_t greatest_ms = INT64_MIN;

  void add(std::int64_t distance_ms);
  void add(std::span<const Sample> samples);
  void add(const Spacing& other);
  bool is_ascending() const { return least_ms > 0; }  // and no two are of one time
  bool may_have_gaps() const;
};

// `samples` ascend, spaced so. `newest_ms`: the last moment of which something is known. `tick_ms`: how far
// apart ticks are, for a series with one sample; 0 when that is not known.
void mark_gaps(std::vector<Sample>& samples, const Spacing& spacing, std::int64_t newest_ms,
               std::int64_t tick_ms);
void mark_gaps(std::vector<Sample>& samples, std::int64_t newest_ms, std::int64_t tick_ms);

}  // namespace ullage::history
