// SPDX-License-Identifier: Apache-2.0
#include "sense/psi/pressure.h"

#include <gtest/gtest.h>

#include "sense/sample.h"

namespace ullage::sense {
namespace {

TEST(Pressure, ReadsBothTotals) {
  const PressureSample pressure = parse_pressure(
      "some avg10=0.99 avg60=0.38 avg300=0.13 total=3623677\nfull avg10=0.65 avg60=0.28 avg300=0.09 "
      "total=3329412\n");
  EXPECT_DOUBLE_EQ(*pressure.some_seconds, 3.623677);
  EXPECT_DOUBLE_EQ(*pressure.full_seconds, 3.329412);
}

// Before Linux 5.13 cpu had no "full" line.
TEST(Pressure, WithoutAFullLineItIsAbsent) {
  const PressureSample pressure = parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  EXPECT_DOUBLE_EQ(*pressure.some_seconds, 0);
  EXPECT_FALSE(pressure.full_seconds);
}

TEST(Pressure, ABrokenLineIsAbsent) {
  const PressureSample pressure =
      parse_pressure("some avg10=0.00 total=12x\nfull avg10=0.00\nmany total=4\n");
  EXPECT_FALSE(pressure.some_seconds);
  EXPECT_FALSE(pressure.full_seconds);
}

}  // namespace
}  // namespace ullage::sense
