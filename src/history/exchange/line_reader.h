// SPDX-License-Identifier: Apache-2.0
// What the readers of all formats share: samples of a series in order of time, handed on some at a time. A
// format is one subclass.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/exchange/exchange.h"
#include "history/series_file.h"
#include "metric/line_cursor.h"
#include "metric/series.h"

namespace ullage::history {

using metric::LineCursor;

class SampleReader::LineReader {
 public:
  explicit LineReader(TakeSamples take) : take_(std::move(take)) {}
  virtual ~LineReader() = default;
  virtual Result<void> line(LineCursor cursor) = 0;
  virtual Result<void> end(LineCursor /*after_last*/) { return {}; }

  Result<void> flush();
  std::uint64_t samples() const { return samples_; }

 protected:
  // A sample of the series that add() was told of last, after its last one in time.
  Result<void> add(Sample sample, const LineCursor& cursor);
  // Labels are put in order, empty ones left out.
  Result<void> begin_series(metric::SeriesKey key, const LineCursor& cursor);
  bool has_series() const { return has_series_; }

 private:
  TakeSamples take_;
  metric::SeriesKey key_;
  bool has_series_ = false;
  std::vector<Sample> pending_;
  std::int64_t last_ms_ = 0;
  bool has_last_ = false;
  std::uint64_t samples_ = 0;
};

std::unique_ptr<SampleReader::LineReader> make_csv_reader(TakeSamples take);
std::unique_ptr<SampleReader::LineReader> make_json_lines_reader(TakeSamples take);
std::unique_ptr<SampleReader::LineReader> make_openmetrics_reader(TakeSamples take);

}  // namespace ullage::history
