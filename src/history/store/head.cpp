// SPDX-License-Identifier: Apache-2.0
#include "history/store/head.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "history/block.h"

namespace ullage::history {

void Head::begin_tick(std::int64_t time_ms) {
  // All at once: memory that is not touched costs nothing, and what grows by doubling costs twice.
  if (values_.capacity() < values_max_) values_.reserve(values_max_);
  times_ms_.push_back(time_ms);
  row_begins_.push_back(values_.size());
  values_.resize(values_.size() + places_.size(), kAbsent);
}

std::uint32_t Head::add_column(std::uint32_t place) {
  places_.push_back(place);
  values_.push_back(kAbsent);
  return static_cast<std::uint32_t>(places_.size() - 1);
}

bool Head::set(std::uint32_t column, double value) {
  double& at = values_[row_begins_.back() + column];
  if (!is_absent(at)) return false;
  at = value;
  return true;
}

const double* Head::find(std::size_t column, std::size_t tick) const {
  const std::size_t end = tick + 1 < row_begins_.size() ? row_begins_[tick + 1] : values_.size();
  const std::size_t at = row_begins_[tick] + column;
  return at < end ? values_.data() + at : nullptr;
}

bool Head::has(std::size_t column, std::size_t tick) const {
  const double* value = find(column, tick);
  return value != nullptr && !is_absent(*value);
}

bool Head::read(std::size_t column, std::size_t from_tick, std::vector<double>& values) const {
  bool any = false;
  // Filled and then copied over: g++ makes a signalling NaN that it chooses by `?:` a quiet one.
  values.assign(ticks() - from_tick, kAbsent);
  for (std::size_t tick = from_tick; tick < ticks(); ++tick) {
    const double* value = find(column, tick);
    if (value == nullptr || is_absent(*value)) continue;
    values[tick - from_tick] = *value;
    any = true;
  }
  return any;
}

void Head::drop_first(std::size_t count) {
  if (count >= ticks()) {
    times_ms_.clear();
    row_begins_.clear();
    values_.clear();
    return;
  }
  const std::size_t removed = row_begins_[count];
  times_ms_.erase(times_ms_.begin(), times_ms_.begin() + static_cast<std::ptrdiff_t>(count));
  row_begins_.erase(row_begins_.begin(), row_begins_.begin() + static_cast<std::ptrdiff_t>(count));
  values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(removed));
  for (std::size_t& begin : row_begins_) begin -= removed;
}

void Head::clear() {
  drop_first(ticks());
  places_.clear();
}

}  // namespace ullage::history
