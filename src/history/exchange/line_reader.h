// SPDX-License-Identifier: Apache-2.0
// What the readers of all formats share: a cursor that knows its line and column, the checks that a series
// must pass, and samples that are handed on some at a time. A format is one subclass.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/exchange/exchange.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::history {

// Goes through one line. Columns count bytes, from 1.
class LineCursor {
 public:
  LineCursor(std::string_view line, std::uint64_t number) : line_(line), number_(number) {}

  std::string_view rest() const { return line_.substr(at_); }
  std::string_view since(std::size_t begin) const { return line_.substr(begin, at_ - begin); }
  std::size_t at() const { return at_; }
  bool is_at_end() const { return at_ == line_.size(); }
  char peek() const { return is_at_end() ? '\0' : line_[at_]; }
  void skip(std::size_t bytes) { at_ += bytes; }
  bool take(char c) {
    if (is_at_end() || line_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Up to the character or the end.
  std::string_view take_until(char c);
  // "line 3:17", with what was wrong there; `back` bytes before the cursor.
  tl::unexpected<Error> fail_here(std::string what, std::string hint = {}, std::size_t back = 0) const;

 private:
  std::string_view line_;
  std::uint64_t number_;
  std::size_t at_ = 0;
};

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
