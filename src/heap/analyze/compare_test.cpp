// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/compare.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "heap/analyze/profile_fixture.h"
#include "heap/profile.h"

namespace ullage::heap {
namespace {

TEST(CompareHeaps, StacksAreTheSameWhenOnlyTheirLinesMoved) {
  const std::vector<Profile> before{profile_of({{.stack = "main@a.cpp:1;load@a.cpp:9", .bytes = 100},
                                                {.stack = "main@a.cpp:1;old@a.cpp:3", .bytes = 30}})};
  const std::vector<Profile> after{profile_of({{.stack = "main@a.cpp:2;load@a.cpp:11", .bytes = 160},
                                               {.stack = "main@a.cpp:2;fresh@a.cpp:7", .bytes = 40}})};
  const HeapComparison comparison = compare_heaps(before, after, {});
  ASSERT_EQ(comparison.changes.size(), 3);
  EXPECT_EQ(comparison.changes[0].stack[0].function, "load");
  EXPECT_EQ(comparison.changes[0].bytes(), 60);
  EXPECT_EQ(comparison.changes[1].stack[0].function, "fresh");
  EXPECT_EQ(comparison.changes[2].bytes(), -30);
  EXPECT_TRUE(comparison.changes[2].is_sure());
  EXPECT_EQ(comparison_json(comparison, "one", "two", 1)["changes"].size(), 1);
  EXPECT_EQ(comparison_json(comparison, "one", "two", 1)["after"]["bytes"], 200);
}

TEST(CompareHeaps, WhatSamplingAloneCanDoIsNotSure) {
  const std::vector<Block> blocks(1000, {.bytes = 64});
  const std::vector<Profile> before{profile_of(blocks, {.mean_bytes = 4096, .seed = 1})};
  const std::vector<Profile> after{profile_of(blocks, {.mean_bytes = 4096, .seed = 2})};
  for (const HeapChange& change : compare_heaps(before, after, {}).changes) EXPECT_FALSE(change.is_sure());
}

}  // namespace
}  // namespace ullage::heap
