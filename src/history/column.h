// SPDX-License-Identifier: Apache-2.0
// One column of a block: doubles to bytes and back, bit for bit. Most measurements are decimals in disguise
// (bytes, counts, seconds of a clock with a fixed tick): those become integers by a power of ten, then
// differences. What is not goes as the bits that changed, its bytes in planes. docs/formats/block.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ullage::history {

class ColumnEncoder {  // holds its scratch memory from column to column
 public:
  void append(std::span<const double> values, std::string& out);

 private:
  std::span<const double> leave_out_absent(std::span<const double> values, std::string& runs);
  // The power of ten that makes all of them integers, which then lie in integers_; -1 when there is none.
  int scale_to_integers(std::span<const double> values);
  void append_integers(int exponent, unsigned char mode_bits, std::string_view runs, std::string& out);
  void append_floats(std::span<const double> values, unsigned char mode_bits, std::string_view runs,
                     std::string& out);

  std::vector<double> present_;
  std::vector<std::int64_t> integers_;
  std::string runs_;
};

// False when the bytes are not a column of exactly this many values.
bool read_column(std::string_view bytes, std::span<double> values);

}  // namespace ullage::history
