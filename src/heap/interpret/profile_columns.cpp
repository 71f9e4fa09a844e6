// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/profile_columns.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ullage::heap {

namespace {

constexpr unsigned char kWhole = 0;               // each a varint
constexpr unsigned char kPlanes = 1;              // the highest bytes of all, then the next …
constexpr double kWholeMax = 9007199254740992.0;  // 2^53: below, a double is the whole number that it says

bool is_whole(double value) {
  return value >= 0 && value < kWholeMax && !std::signbit(value) && std::trunc(value) == value;
}

}  // namespace

void ColumnWriter::floats(const std::vector<double>& values) {
  const bool whole = std::ranges::all_of(values, is_whole);
  bytes_ += static_cast<char>(whole ? kWhole : kPlanes);
  if (whole) {
    for (const double value : values) number(static_cast<std::uint64_t>(value));
    return;
  }
  for (int shift = 56; shift >= 0; shift -= 8)
    for (const double value : values)
      bytes_ += static_cast<char>(std::bit_cast<std::uint64_t>(value) >> shift);
}

std::string ColumnReader::text() {
  const std::uint64_t size = in_.varint();
  return std::string(in_.take(static_cast<std::size_t>(size)));
}

std::uint64_t ColumnReader::below(std::uint64_t limit) {
  const std::uint64_t value = in_.varint();
  if (value < limit) return value;
  fail();
  return 0;
}

std::size_t ColumnReader::rows(std::size_t row_bytes_min) {
  return static_cast<std::size_t>(below(in_.left() / row_bytes_min + 1));
}

std::vector<double> ColumnReader::floats(std::size_t count) {
  const unsigned char kind = in_.byte();
  std::vector<double> values;
  if (kind > kPlanes) fail();
  if (failed()) return values;
  if (kind == kWhole) {
    values.reserve(count);
    for (std::size_t i = 0; i < count && !failed(); ++i) values.push_back(static_cast<double>(in_.varint()));
    return values;
  }
  if (count > in_.left() / 8) fail();
  const std::string_view planes = in_.take(count * 8);
  if (failed()) return values;
  values.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t bits = 0;
    for (std::size_t plane = 0; plane < 8; ++plane)
      bits = bits << 8 | static_cast<unsigned char>(planes[plane * count + i]);
    values.push_back(std::bit_cast<double>(bits));
    if (!std::isfinite(values.back())) fail();
  }
  return values;
}

}  // namespace ullage::heap
