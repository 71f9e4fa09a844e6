// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <gtest/gtest.h>

namespace ullage {
namespace {

using namespace std::chrono_literals;

TEST(Units, SizesAreBinaryUnlessTheyEndInADecimalB) {
  EXPECT_EQ(parse_bytes("4G").value(), 4ull << 30);
  EXPECT_EQ(parse_bytes("4GiB").value(), 4ull << 30);
  EXPECT_EQ(parse_bytes("4GB").value(), 4'000'000'000u);
  EXPECT_EQ(parse_bytes("1.5k").value(), 1536u);
  EXPECT_EQ(parse_bytes("512 MiB").value(), 512ull << 20);
  EXPECT_EQ(parse_bytes("0").value(), 0u);
}

TEST(Units, WhatIsNotASizeIsRefusedWithAnExample) {
  for (const char* text : {"", "G", "4X", "-4G", "4G5", "1e3", "nan", "9999999P"})
    EXPECT_FALSE(parse_bytes(text)) << text;
  EXPECT_EQ(parse_bytes("4X").error().text(), "'4X' is not a size; a size reads as 512M, 4G, 1.5GiB or 4GB");
}

TEST(Units, DurationsAddUpTheirParts) {
  EXPECT_EQ(parse_duration("1h30m").value(), 90min);
  EXPECT_EQ(parse_duration("250ms").value(), 250ms);
  EXPECT_EQ(parse_duration("1.5s").value(), 1500ms);
  EXPECT_EQ(parse_duration("1h 5m").value(), 65min);
  EXPECT_EQ(parse_duration("0").value(), 0s);
  for (const char* text : {"", "5", "5x", "m", "-5s", "5s5"}) EXPECT_FALSE(parse_duration(text)) << text;
}

TEST(Units, AreShownInThreeFigures) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1536), "1.50 KiB");
  EXPECT_EQ(format_bytes(312.0 * 1024 * 1024), "312 MiB");
  EXPECT_EQ(format_bytes(1024.0 * 1024 * 1024 * 1023.9), "1.00 TiB");
  EXPECT_EQ(format_duration(0.045), "45 ms");
  EXPECT_EQ(format_duration(12.34), "12.3 s");
  EXPECT_EQ(format_duration(187), "3m 07s");
  EXPECT_EQ(format_duration(3720), "1h 02m");
  EXPECT_EQ(format_duration(90000), "1d 01h");
  EXPECT_EQ(format_ratio(0.873), "87 %");
  EXPECT_EQ(format_ratio(0.0123), "1.2 %");
}

}  // namespace
}  // namespace ullage
