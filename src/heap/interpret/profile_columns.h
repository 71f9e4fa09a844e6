// SPDX-License-Identifier: Apache-2.0
// The parts that a folded profile is made of: text that stands once, columns of numbers. Writing appends;
// reading takes off the front and stays failed after the first byte that cannot be. docs/formats/heap.md.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "history/varint.h"

namespace ullage::heap {

class ColumnWriter {
 public:
  void number(std::uint64_t value) {
    std::array<char, history::kVarintBytesMax> bytes{};
    bytes_.append(bytes.data(), history::write_varint(bytes.data(), value));
  }
  void signed_number(std::int64_t value) { number(history::zigzag(value)); }
  void text(std::string_view text) {
    number(text.size());
    bytes_ += text;
  }
  // Of whole numbers, each as its difference to the one before.
  template <class Rows, class Field>
  void numbers(const Rows& rows, const Field& field) {
    std::uint64_t before = 0;
    for (const auto& row : rows) {
      const auto value = static_cast<std::uint64_t>(field(row));
      signed_number(static_cast<std::int64_t>(value - before));
      before = value;
    }
  }
  template <class Rows, class Field>
  void floats(const Rows& rows, const Field& field) {
    std::vector<double> values;
    for (const auto& row : rows) values.push_back(field(row));
    floats(values);
  }
  void floats(const std::vector<double>& values);

  std::string take() && { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class ColumnReader {
 public:
  explicit ColumnReader(std::string_view bytes) : in_(bytes) {}

  std::uint64_t number() { return in_.varint(); }
  std::int64_t signed_number() { return in_.signed_varint(); }
  bool flag() { return below(2) != 0; }
  std::string text();
  // A value that must be less than the limit.
  std::uint64_t below(std::uint64_t limit);
  // How many rows follow, each of which takes `row_bytes_min` bytes at least: no more than can be there.
  std::size_t rows(std::size_t row_bytes_min);

  template <class Rows, class Set>
  void numbers(Rows& rows, std::uint64_t limit, const Set& set) {
    std::uint64_t value = 0;
    for (auto& row : rows) {
      value += static_cast<std::uint64_t>(in_.signed_varint());
      if (value >= limit) fail();
      if (failed()) return;
      set(row, value);
    }
  }
  template <class Rows, class Set>
  void floats(Rows& rows, const Set& set) {
    const std::vector<double> values = floats(rows.size());
    if (failed()) return;
    std::size_t i = 0;
    for (auto& row : rows) set(row, values[i++]);
  }

  void fail() { (void)in_.take(SIZE_MAX); }
  bool failed() const { return in_.failed(); }
  std::size_t left() const { return in_.left(); }

 private:
  std::vector<double> floats(std::size_t count);

  history::VarintReader in_;
};

}  // namespace ullage::heap
