// SPDX-License-Identifier: Apache-2.0
// The series of a file by the values of one label: the values in order, and with each the ids that have it.
// Made once many series have been asked about more than once; series that came since are not in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "metric/series.h"

namespace ullage::history {

class LabelIndex {
 public:
  using Symbol = std::uint32_t;
  struct Entry {
    Symbol value;
    metric::SeriesId id;
  };
  // Entries in order of id, of ids below `size`; texts stay where they are.
  LabelIndex(std::vector<Entry> entries, std::size_t size, std::span<const std::string_view> texts);

  std::size_t size() const { return size_; }
  // Positions of values in [first, last].
  std::pair<std::size_t, std::size_t> positions(std::string_view first, std::string_view last) const;
  Symbol value(std::size_t position) const { return values_[position].symbol; }
  // Of all values at the positions in [begin, end).
  std::span<const metric::SeriesId> ids(std::size_t begin, std::size_t end) const;

 private:
  struct Value {
    std::string_view text;
    Symbol symbol;
    std::size_t begin;  // in ids_
  };
  std::vector<Value> values_;
  std::vector<metric::SeriesId> ids_;
  std::size_t size_ = 0;
};

}  // namespace ullage::history
