// SPDX-License-Identifier: Apache-2.0
// Reads series that lie in several files: finds those that match in each, joins them by key, and brings what
// each file has of them together, some series at a time so that memory stays bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/matching.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "history/store/stored_file.h"
#include "history/store/stretches.h"
#include "metric/series.h"

namespace ullage::history {

// A file and which times of it count: of a tick, or of a bucket.
struct Segment {
  StoredFile* file;
  std::vector<Stretch> ranges;  // ascending
};

struct FoundSeries {
  metric::SeriesKey key;
  struct Place {
    std::size_t segment;
    metric::SeriesId id;
  };
  std::vector<Place> places;
};

// In the order in which they stand in the files, which is the fastest to read in.
std::vector<FoundSeries> find_series(std::span<const Segment> segments, const Matching& matching);

// Of one series, unordered where files overlap.
struct Gathered {
  std::vector<Sample> samples;  // of raw files; of tiers each bucket's last, where buckets are not asked for
  std::vector<Bucket> buckets;
  bool are_in_order = true;  // the samples, and each of another time
};
enum class TierAs { samples, buckets };
// Visits each series found, also one of which nothing was gathered.
Result<void> gather(std::span<const Segment> segments, std::span<const FoundSeries> found, TierAs tier_as,
                    const std::function<Result<void>(const FoundSeries&, Gathered&)>& visit);

struct Pace {
  std::int64_t newest_ms = 0;  // the last tick within the ranges
  std::int64_t tick_ms = 0;    // how far apart ticks are at the least; 0 when there is one
};
Pace pace_of(std::span<const Segment> segments);

}  // namespace ullage::history
