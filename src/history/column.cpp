// SPDX-License-Identifier: Apache-2.0
#include "history/column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "history/block.h"
#include "history/varint.h"

namespace ullage::history {

namespace {

enum Mode : unsigned char { kNothing = 0, kConstant = 1, kDelta = 2, kDeltaOfDelta = 3, kFloats = 4 };
constexpr unsigned char kModeMask = 0x0F;
constexpr unsigned char kHasAbsent = 0x80;

constexpr int kExponentMax = 12;
constexpr std::array<double, kExponentMax + 1> kPowers = {1e0, 1e1, 1e2, 1e3,  1e4,  1e5, 1e6,
                                                          1e7, 1e8, 1e9, 1e10, 1e11, 1e12};
// Below this, v × 10^e is off by less than half, so that rounding finds the decimal that v stands for.
constexpr double kScaledMax = 0x1p51;
// Below this, neither differences nor differences of differences leave 63 bits.
constexpr double kIntegerMax = 0x1p60;

bool is_integer(double value) {
  return std::fabs(value) < kIntegerMax && static_cast<double>(static_cast<std::int64_t>(value)) == value &&
         !(value == 0 && std::signbit(value));
}

// Whether value is exactly the double nearest to integer / 10^exponent, as reading it will compute it.
bool scale(double value, int exponent, std::int64_t& integer) {
  const double power = kPowers[static_cast<std::size_t>(exponent)];
  const double scaled = value * power;
  if (!(std::fabs(scaled) < kScaledMax)) return false;  // NaN too
  integer = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  return std::bit_cast<std::uint64_t>(static_cast<double>(integer) / power) ==
         std::bit_cast<std::uint64_t>(value);
}

void append_head(unsigned char mode, std::string_view runs, std::string& out) {
  out += static_cast<char>(mode);
  out += runs;
}

}  // namespace

void ColumnEncoder::append(std::span<const double> values, std::string& out) {
  const std::span<const double> present = leave_out_absent(values, runs_);
  const unsigned char bits = runs_.empty() ? 0 : kHasAbsent;
  if (present.empty()) return append_head(kNothing | bits, runs_, out);
  if (const int exponent = scale_to_integers(present); exponent >= 0)
    append_integers(exponent, bits, runs_, out);
  else
    append_floats(present, bits, runs_, out);
}

// Lengths of runs in turn: present, absent, present …; no runs at all when nothing is absent.
std::span<const double> ColumnEncoder::leave_out_absent(std::span<const double> values, std::string& runs) {
  runs.clear();
  if (std::ranges::none_of(values, is_absent)) return values;
  present_.clear();
  bool absent = false;
  std::size_t begin = 0;
  std::array<char, kVarintBytesMax> buffer;
  for (std::size_t i = 0; i <= values.size(); ++i) {
    if (i < values.size() && is_absent(values[i]) == absent) continue;
    runs.append(buffer.data(), write_varint(buffer.data(), i - begin));
    if (!absent)
      present_.insert(present_.end(), values.begin() + static_cast<std::ptrdiff_t>(begin),
                      values.begin() + static_cast<std::ptrdiff_t>(i));
    absent = !absent;
    begin = i;
  }
  return present_;
}

int ColumnEncoder::scale_to_integers(std::span<const double> values) {
  integers_.resize(values.size());
  std::size_t i = 0;
  for (; i < values.size() && is_integer(values[i]); ++i) integers_[i] = static_cast<std::int64_t>(values[i]);
  if (i == values.size()) return 0;

  // What is exact at a power is exact at a greater one, so one pass finds it; the second fills the front.
  const std::size_t first_fraction = i;
  int exponent = 1;
  for (; i < values.size(); ++i)
    while (!scale(values[i], exponent, integers_[i]))
      if (++exponent > kExponentMax) return -1;
  const std::size_t settled = values.size();
  for (i = 0; i < settled; ++i)
    if ((i < first_fraction || exponent > 1) && !scale(values[i], exponent, integers_[i])) return -1;
  return exponent;
}

void ColumnEncoder::append_integers(int exponent, unsigned char bits, std::string_view runs,
                                    std::string& out) {
  const std::int64_t first = integers_[0];
  std::uint64_t all_bits = 0;
  for (std::size_t i = integers_.size() - 1; i > 0; --i) {
    integers_[i] -= integers_[i - 1];
    all_bits |= static_cast<std::uint64_t>(integers_[i]);
  }
  const bool constant = all_bits == 0;
  // Pages are 4096 bytes: low bits that no difference has are said once.
  const int shift = constant ? 0 : std::countr_zero(all_bits);
  std::size_t delta_bytes = 0;
  std::size_t delta2_bytes = 0;
  std::int64_t last = 0;
  for (std::size_t i = 1; i < integers_.size(); ++i) {
    integers_[i] >>= shift;
    delta_bytes += varint_size(zigzag(integers_[i]));
    delta2_bytes += varint_size(zigzag(integers_[i] - last));
    last = integers_[i];
  }

  const Mode mode = constant ? kConstant : delta2_bytes < delta_bytes ? kDeltaOfDelta : kDelta;
  append_head(static_cast<unsigned char>(mode | bits), runs, out);
  const std::size_t before = out.size();
  out.resize(before + 2 + kVarintBytesMax + std::min(delta_bytes, delta2_bytes));
  char* at = out.data() + before;
  *at++ = static_cast<char>(exponent);
  at = write_varint(at, zigzag(first));
  if (!constant) {
    *at++ = static_cast<char>(shift);
    last = 0;
    for (std::size_t i = 1; i < integers_.size(); ++i) {
      at = write_varint(at, zigzag(integers_[i] - last));
      if (mode == kDeltaOfDelta) last = integers_[i];
    }
  }
  out.resize(static_cast<std::size_t>(at - out.data()));
}

void ColumnEncoder::append_floats(std::span<const double> values, unsigned char bits, std::string_view runs,
                                  std::string& out) {
  append_head(static_cast<unsigned char>(kFloats | bits), runs, out);
  const std::size_t before = out.size();
  out.resize(before + values.size() * 8);
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = std::bit_cast<std::uint64_t>(values[i]);
    const std::uint64_t changed = value ^ last;
    for (std::size_t plane = 0; plane < 8; ++plane)
      out[before + plane * values.size() + i] = static_cast<char>(changed >> (8 * (7 - plane)));
    last = value;
  }
}

namespace {

bool read_integers(VarintReader& in, unsigned mode, std::span<double> values) {
  const unsigned exponent = in.byte();
  if (exponent > kExponentMax) return false;
  const double power = kPowers[exponent];
  // Unsigned, since damaged differences may add up to anything.
  auto integer = static_cast<std::uint64_t>(in.signed_varint());
  values[0] = static_cast<double>(static_cast<std::int64_t>(integer)) / power;
  if (mode == kConstant) {
    std::ranges::fill(values, values[0]);
    return true;
  }
  const unsigned shift = in.byte();
  if (shift > 63) return false;
  std::uint64_t delta = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const auto step = static_cast<std::uint64_t>(in.signed_varint());
    delta = mode == kDeltaOfDelta ? delta + step : step;
    integer += delta << shift;
    values[i] = static_cast<double>(static_cast<std::int64_t>(integer)) / power;
  }
  return true;
}

bool read_floats(VarintReader& in, std::span<double> values) {
  const std::string_view planes = in.take(values.size() * 8);
  if (planes.empty()) return false;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint64_t changed = 0;
    for (std::size_t plane = 0; plane < 8; ++plane)
      changed = changed << 8 | static_cast<unsigned char>(planes[plane * values.size() + i]);
    value ^= changed;
    values[i] = std::bit_cast<double>(value);
  }
  return true;
}

bool read_present(VarintReader& in, unsigned mode, std::span<double> values) {
  if (mode == kNothing || values.empty()) return mode == kNothing && values.empty();
  if (mode == kFloats) return read_floats(in, values);
  return mode <= kDeltaOfDelta && read_integers(in, mode, values);
}

// Moves the values at the front of `values` to their places, from the back so that none is overwritten.
bool spread(std::span<const std::uint64_t> runs, std::size_t present, std::span<double> values) {
  std::size_t to = values.size();
  for (std::size_t run = runs.size(); run-- > 0;) {
    const std::size_t length = runs[run];
    const bool absent = run % 2 == 1;
    to -= length;
    if (absent) {
      std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(to), length, kAbsent);
    } else {
      present -= length;
      std::memmove(values.data() + to, values.data() + present, length * sizeof(double));
    }
  }
  return to == 0;
}

}  // namespace

bool read_column(std::string_view bytes, std::span<double> values) {
  VarintReader in(bytes);
  const unsigned mode = in.byte();
  std::vector<std::uint64_t> runs;
  std::size_t present = values.size();
  if ((mode & kHasAbsent) != 0) {
    present = 0;
    for (std::size_t covered = 0; covered < values.size();) {
      const std::uint64_t length = in.varint();
      if (in.failed() || length > values.size() - covered || (length == 0 && !runs.empty())) return false;
      covered += length;
      if (runs.size() % 2 == 0) present += length;
      runs.push_back(length);
    }
  }
  if ((mode & ~unsigned{kModeMask | kHasAbsent}) != 0 || in.failed()) return false;
  if (!read_present(in, mode & kModeMask, values.first(present))) return false;
  if (in.failed() || in.left() != 0) return false;
  return runs.empty() || spread(runs, present, values);
}

}  // namespace ullage::history
