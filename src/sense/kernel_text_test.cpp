// SPDX-License-Identifier: Apache-2.0
#include "sense/kernel_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace ullage::sense {
namespace {

TEST(KernelText, KibibytesNeedTheirUnit) {
  EXPECT_EQ(parse_kibibytes("\t    1784 kB"), 1784u * 1024);
  EXPECT_EQ(parse_kibibytes("  0 kB"), 0u);
  EXPECT_EQ(parse_kibibytes(" 17"), std::nullopt);  // cut: it may have been 1784
  EXPECT_EQ(parse_kibibytes(" -3 kB"), std::nullopt);
  EXPECT_EQ(parse_kibibytes(" 18446744073709551615 kB"), std::nullopt);
  EXPECT_EQ(parse_kibibytes(""), std::nullopt);
}

TEST(KernelText, HexadecimalMayHaveItsPrefix) {
  EXPECT_EQ(parse_hexadecimal("000033b6"), 0x33b6u);
  EXPECT_EQ(parse_hexadecimal("0x1003"), 0x1003u);
  EXPECT_EQ(parse_hexadecimal("ffffffffffffffff"), UINT64_MAX);
  for (const char* wrong : {"", "0x", "-1", "12g", "10000000000000000"})
    EXPECT_EQ(parse_hexadecimal(wrong), std::nullopt) << wrong;
}

TEST(KernelText, LinesEndWithTheText) {
  std::string_view rest = "a\n\nb", line;
  EXPECT_TRUE(take_line(rest, line) && line == "a");
  EXPECT_TRUE(take_line(rest, line) && line.empty());
  EXPECT_TRUE(take_line(rest, line) && line == "b");
  EXPECT_FALSE(take_line(rest, line));
}

}  // namespace
}  // namespace ullage::sense
