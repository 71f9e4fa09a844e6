// SPDX-License-Identifier: Apache-2.0
// What a text gives series by series, a history takes moment by moment: this turns one into the other.
// Holds all samples of an import, 24 bytes each, up to a stated number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "history/history.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::history {

class HistoryImport {
 public:
  static constexpr std::size_t kSamplesMax = 50'000'000;

  // To be a SampleReader's TakeSamples.
  Result<void> take(const metric::SeriesKey& key, std::span<const Sample> samples);
  std::size_t samples() const { return held_.size(); }  // until they are written
  std::size_t series() const { return table_.size(); }
  // In order of time. What the writer did not take is in its counts.
  Result<void> write(HistoryWriter& writer);

 private:
  struct Held {
    std::int64_t time_ms;
    metric::Value value;
  };
  metric::SeriesTable table_;
  std::vector<Held> held_;
};

}  // namespace ullage::history
