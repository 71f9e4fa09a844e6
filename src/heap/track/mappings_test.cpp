// SPDX-License-Identifier: Apache-2.0
#include "heap/track/mappings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <tuple>
#include <vector>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/heap_file_fixture.h"

namespace ullage::heap::track {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;

class MappingsTest : public HeapFileTest {
 protected:
  MappingsTest() {
    begin(file_);
    mappings_.write_to(file_);
  }
  void add(std::uint64_t begin, std::uint64_t end, std::uint32_t node) {
    ASSERT_TRUE(mappings_.add({begin, end, node, 0}));
  }
  using Parts = std::vector<std::tuple<std::uint32_t, std::uint64_t, bool>>;
  Parts take(std::uint64_t begin, std::uint64_t end) {
    Parts parts;
    mappings_.take(begin, end, [&](const Mappings::Part& part) {
      parts.emplace_back(part.node, part.bytes, part.is_last);
    });
    return parts;
  }

  HeapFile file_;
  Mappings mappings_;
};

TEST_F(MappingsTest, OneIsTakenWhole) {
  add(0x10000, 0x20000, 7);
  EXPECT_THAT(take(0x10000, 0x20000), ElementsAre(std::tuple(7, 0x10000, true)));
  EXPECT_THAT(take(0x10000, 0x20000), IsEmpty());
}

TEST_F(MappingsTest, OfWhatIsTakenInPartsTheRestStays) {
  add(0x10000, 0x50000, 7);
  EXPECT_THAT(take(0x20000, 0x30000), ElementsAre(std::tuple(7, 0x10000, false)));
  EXPECT_THAT(take(0x0, 0x20000), ElementsAre(std::tuple(7, 0x10000, true)));
  EXPECT_THAT(take(0x40000, 0x90000), ElementsAre(std::tuple(7, 0x10000, false)));
  EXPECT_THAT(take(0x0, 0x90000), ElementsAre(std::tuple(7, 0x10000, true)));
}

TEST_F(MappingsTest, ARangeMayGoOverSeveral) {
  add(0x30000, 0x40000, 3);
  add(0x10000, 0x20000, 1);
  add(0x20000, 0x30000, 2);
  EXPECT_THAT(take(0x18000, 0x38000), ElementsAre(std::tuple(1, 0x8000, false), std::tuple(2, 0x10000, true),
                                                  std::tuple(3, 0x8000, false)));
}

TEST_F(MappingsTest, WhatIsOnlyReservedIsFoundPartByPart) {
  add(0x10000, 0x20000, file::kRoot);
  add(0x20000, 0x30000, 2);
  add(0x30000, 0x40000, file::kRoot);
  file::Mapping part;
  ASSERT_TRUE(mappings_.find_reserved(0x18000, 0x38000, part));
  EXPECT_THAT(std::tuple(part.begin, part.end), Eq(std::tuple(0x18000, 0x20000)));
  take(part.begin, part.end);
  ASSERT_TRUE(mappings_.find_reserved(0x18000, 0x38000, part));
  EXPECT_THAT(std::tuple(part.begin, part.end), Eq(std::tuple(0x30000, 0x38000)));
  take(part.begin, part.end);
  EXPECT_FALSE(mappings_.find_reserved(0x18000, 0x38000, part));
  EXPECT_TRUE(mappings_.find_reserved(0, 0x100000, part));
}

TEST_F(MappingsTest, OneIsFoundByAnyOfItsAddresses) {
  add(0x10000, 0x20000, 1);
  file::Mapping mapping;
  ASSERT_TRUE(mappings_.find(0x1ffff, mapping));
  EXPECT_EQ(mapping.node, 1u);
  EXPECT_FALSE(mappings_.find(0x20000, mapping));
  EXPECT_FALSE(mappings_.find(0xffff, mapping));
}

TEST_F(MappingsTest, PlacesAreUsedAgain) {
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    add(0x10000 + i % 7 * 0x1000, 0x11000 + i % 7 * 0x1000, i);
    if (i % 7 == 6) {
      ASSERT_EQ(take(0, 0x100000).size(), 7u);
    }
  }
}

}  // namespace
}  // namespace ullage::heap::track
