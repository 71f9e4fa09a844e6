// SPDX-License-Identifier: Apache-2.0
#include "run/thin.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "metric/descriptor.h"

namespace ullage::run {

namespace {
constexpr double kGap = std::numeric_limits<double>::quiet_NaN();
}

Thinner::Thinner(std::int64_t begin_ms, std::int64_t end_ms, std::size_t moments_max)
    : begin_ms_(begin_ms),
      width_ms_(std::max(static_cast<double>(end_ms - begin_ms) / static_cast<double>(moments_max), 1.0)),
      moment_max_(static_cast<std::int64_t>(moments_max) - 1) {}

std::size_t Thinner::add_column(metric::Kind kind) {
  columns_.push_back({kind, kGap, std::vector<double>(times_ms_.size(), kGap)});
  return columns_.size() - 1;
}

void Thinner::begin_tick(std::int64_t time_ms) {
  const double place = std::floor(static_cast<double>(time_ms - begin_ms_) / width_ms_);
  const auto moment = static_cast<std::int64_t>(std::clamp(place, 0.0, static_cast<double>(moment_max_)));
  if (moment != moment_ && moment_ >= 0) close_moment();
  moment_ = moment;
  last_ms_ = time_ms;
}

void Thinner::set(std::size_t index, double value) {
  Column& column = columns_[index];
  if (column.kind == metric::Kind::counter || std::isnan(column.open) || value > column.open)
    column.open = value;
}

void Thinner::finish() {
  if (moment_ >= 0) close_moment();
  moment_ = -1;
}

void Thinner::close_moment() {
  times_ms_.push_back(last_ms_);
  for (Column& column : columns_) {
    column.values.push_back(column.open);
    column.open = kGap;
  }
}

}  // namespace ullage::run
