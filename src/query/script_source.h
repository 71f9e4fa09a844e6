// SPDX-License-Identifier: Apache-2.0
// The storage of a test script: what its load commands put there. It remembers where native histograms and
// start timestamps lie and says whether a selection came upon one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/series_source.h"
#include "metric/series.h"
#include "query/label_set.h"
#include "query/script_series.h"

namespace ullage::query {

class ScriptSource final : public history::SeriesSource {
 public:
  // Values at 0, interval, 2 × interval, …; a later value of the same moment takes the earlier's place.
  void load(std::span<const ScriptSeries> series, std::int64_t interval_ms);
  // As load_with_nhcb: the classic histograms among the series are native ones, too.
  void load_as_histograms(std::span<const ScriptSeries> series, std::int64_t interval_ms);
  void clear();

  Result<void> select(const history::Selection& selection, const VisitSamples& visit) const override;

  // What the selections since the last call came upon.
  struct Found {
    bool histogram = false, start_times = false;
  };
  Found take_found() { return std::exchange(found_, {}); }

 private:
  struct Stored {
    metric::SeriesKey key;
    std::vector<history::Sample> samples;
    std::vector<std::int64_t> histogram_times_ms;
    bool has_start_times = false;
  };
  Stored& stored(const LabelSet& labels);

  std::vector<Stored> series_;
  std::unordered_map<std::string, std::size_t> index_;
  mutable Found found_;
};

}  // namespace ullage::query
