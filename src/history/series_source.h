// SPDX-License-Identifier: Apache-2.0
// One face to samples wherever they are: the head in memory, day files, a run's file, a remote Prometheus.
// Who asks names matchers and a stretch of time; series are visited one after another, each with its samples
// in order. One thread at a time calls a source.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::history {

// `__name__` stands for the series' name. A label that is absent is as one that is empty, as in Prometheus.
struct Matcher {
  enum class Kind { equal, not_equal, regex, not_regex };  // regex: RE2, anchored at both ends
  std::string label;
  Kind kind = Kind::equal;
  std::string value;
};

struct Selection {
  std::vector<Matcher> matchers;  // all must hold
  std::int64_t begin_ms = 0;      // exclusive
  std::int64_t end_ms = 0;        // inclusive
};

// What a tier keeps of a stretch of time: (time_ms - width, time_ms].
struct Bucket {
  std::int64_t time_ms = 0;
  double min = 0, max = 0, sum = 0, count = 0, last = 0;
};

class SeriesSource {
 public:
  virtual ~SeriesSource() = default;

  // Each series once, in any order; samples ascend in time, a staleness marker (kAbsent) among them is a gap.
  // The span is valid during the visit. A visit that fails ends the selection with its error.
  using VisitSamples = std::function<Result<void>(const metric::SeriesKey&, std::span<const Sample>)>;
  virtual Result<void> select(const Selection& selection, const VisitSamples& visit) const = 0;

  // The widest tier whose buckets make up windows of `divisor_ms` exactly, when this source has one that
  // covers the selection; 0 otherwise.
  virtual std::int64_t tier_ms(const Selection& /*selection*/, std::int64_t /*divisor_ms*/) const {
    return 0;
  }
  using VisitBuckets = std::function<Result<void>(const metric::SeriesKey&, std::span<const Bucket>)>;
  virtual Result<void> select_buckets(const Selection& selection, std::int64_t tier_ms,
                                      const VisitBuckets& visit) const;

  // The series that have a sample in the stretch, without their samples.
  using VisitSeries = std::function<Result<void>(const metric::SeriesKey&)>;
  virtual Result<void> select_series(const Selection& selection, const VisitSeries& visit) const;
};

}  // namespace ullage::history
