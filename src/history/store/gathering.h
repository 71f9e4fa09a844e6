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
#include "history/gaps.h"
#include "history/matching.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "history/store/dictionary.h"
#include "history/store/stored_file.h"
#include "history/store/stretches.h"
#include "metric/series.h"

namespace ullage::history {

// A file and which times of it count: of a tick, or of a bucket.
struct Segment {
  StoredFile* file;
  std::vector<Stretch> ranges;  // ascending
};

// Series by their number, from 0 on, in the order of the first file's, which is the fastest to read in.
class FoundSeries {
 public:
  std::size_t size() const { return named_at_.size(); }
  void copy_key(std::size_t series, metric::SeriesKey& into) const;
  // Those of a segment, in order of id; the index is the series' number.
  std::span<const StoredFile::Wanted> in(std::size_t segment) const { return in_[segment]; }
  void leave_out(const std::vector<bool>& series);  // they are in no segment any more

 private:
  friend FoundSeries find_series(std::span<const Segment> segments, const Matching& matching);
  struct Place {
    const Dictionary* dictionary;
    metric::SeriesId id;
  };
  std::vector<Place> named_at_;
  std::vector<std::vector<StoredFile::Wanted>> in_;
};
FoundSeries find_series(std::span<const Segment> segments, const Matching& matching);

// Of one series, unordered where files overlap.
struct Gathered {
  std::vector<Sample> samples;  // of raw files; of tiers each bucket's last, where buckets are not asked for
  std::vector<Bucket> buckets;
  Spacing spacing;  // of the samples

  void clear() {
    samples.clear();
    buckets.clear();
    spacing = {};
  }
};
enum class TierAs { samples, buckets };
// Visits each series found, also one of which nothing was gathered. The key is valid during the visit.
using VisitGathered = std::function<Result<void>(const metric::SeriesKey&, Gathered&)>;
Result<void> gather(std::span<const Segment> segments, const FoundSeries& found, TierAs tier_as,
                    const VisitGathered& visit);

struct Pace {
  std::int64_t newest_ms = 0;  // the last tick within the ranges
  std::int64_t tick_ms = 0;    // how far apart ticks are at the least; 0 when there is one
};
Pace pace_of(std::span<const Segment> segments);

}  // namespace ullage::history
