// SPDX-License-Identifier: Apache-2.0
// Thinning for a chart: any number of ticks go in, in order, at most a given number of moments come out; each
// gauge keeps the greatest value of its moment and each counter the last. One pass, memory of the output.
#pragma once

#include <cstdint>
#include <vector>

#include "metric/descriptor.h"
#include "metric/series.h"

namespace ullage::run {

class Thinner {
 public:
  // Moments of equal width over the given span; ticks after it widen nothing and share the last moments.
  Thinner(std::int64_t begin_ms, std::int64_t end_ms, std::size_t moments_max);

  // A column to fill; the index is what add() takes.
  std::size_t add_column(metric::Kind kind);
  // Times ascend. Columns without a value at a tick are just not set.
  void begin_tick(std::int64_t time_ms);
  void set(std::size_t column, double value);
  void finish();

  const std::vector<std::int64_t>& times_ms() const { return times_ms_; }
  // As many as there are times; NaN is a gap.
  const std::vector<double>& column(std::size_t index) const { return columns_[index].values; }

 private:
  struct Column {
    metric::Kind kind;
    double open;  // of the moment that is being filled
    std::vector<double> values;
  };
  void close_moment();

  std::int64_t begin_ms_;
  double width_ms_;
  std::int64_t moment_max_;
  std::int64_t moment_ = -1;  // that is being filled; -1 before the first tick
  std::int64_t last_ms_ = 0;
  std::vector<std::int64_t> times_ms_;
  std::vector<Column> columns_;
};

}  // namespace ullage::run
