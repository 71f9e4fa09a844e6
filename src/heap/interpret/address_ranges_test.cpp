// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/address_ranges.h"

#include <gtest/gtest.h>

#include <optional>

namespace ullage::heap {
namespace {

TEST(AddressRanges, FindsTheInnermost) {
  AddressRanges ranges;
  ranges.add(100, 200, 1);
  ranges.add(120, 140, 2);
  ranges.add(130, 135, 3);
  ranges.add(150, 160, 4);
  ranges.add(300, 400, 5);
  ranges.add(300, 400, 6);  // of the same extent: within it
  ranges.add(50, 50, 7);    // holds nothing
  ranges.seal();
  EXPECT_EQ(ranges.innermost(99), std::nullopt);
  EXPECT_EQ(ranges.innermost(100), 1u);
  EXPECT_EQ(ranges.innermost(129), 2u);
  EXPECT_EQ(ranges.innermost(134), 3u);
  EXPECT_EQ(ranges.innermost(135), 2u);
  EXPECT_EQ(ranges.innermost(145), 1u);
  EXPECT_EQ(ranges.innermost(159), 4u);
  EXPECT_EQ(ranges.innermost(199), 1u);
  EXPECT_EQ(ranges.innermost(200), std::nullopt);
  EXPECT_EQ(ranges.innermost(399), 6u);
  EXPECT_EQ(ranges.innermost(400), std::nullopt);
}

TEST(AddressRanges, HoldsNothingWhenEmpty) {
  AddressRanges ranges;
  ranges.seal();
  EXPECT_EQ(ranges.innermost(0), std::nullopt);
}

}  // namespace
}  // namespace ullage::heap
