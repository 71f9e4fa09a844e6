// SPDX-License-Identifier: Apache-2.0
// The newest ticks in memory, before they are written as a chunk: a row a tick, a column a series. Rows end
// with the column that was the last when they were written, so that new series cost nothing in old rows.
// Bounded in values; who fills it asks first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ullage::history {

class Head {
 public:
  explicit Head(std::size_t values_max) : values_max_(values_max) {}

  // Whether another tick with so many columns fits.
  bool has_room(std::size_t columns) const { return values_.size() + columns <= values_max_; }
  void begin_tick(std::int64_t time_ms);
  // A new column, for the series at this place of the live table.
  std::uint32_t add_column(std::uint32_t place);
  // In the newest tick. False when there is a value already: the first one stays.
  bool set(std::uint32_t column, double value);

  std::size_t ticks() const { return times_ms_.size(); }
  std::size_t columns() const { return places_.size(); }
  std::uint32_t place(std::size_t column) const { return places_[column]; }
  std::span<const std::int64_t> times_ms() const { return times_ms_; }
  // The values of a column from a tick on; false when there is none.
  bool read(std::size_t column, std::size_t from_tick, std::vector<double>& values) const;
  bool has(std::size_t column, std::size_t tick) const;
  void drop_first(std::size_t ticks);
  void clear();

 private:
  const double* find(std::size_t column, std::size_t tick) const;

  std::size_t values_max_;
  std::vector<std::int64_t> times_ms_;
  std::vector<std::size_t> row_begins_;
  std::vector<double> values_;
  std::vector<std::uint32_t> places_;
};

}  // namespace ullage::history
