// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/used_memory.h"

#include <gtest/gtest.h>
#include <rapidcheck/Assertions.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <rapidcheck/gen/Arbitrary.hpp>
#include <rapidcheck/gen/Container.hpp>
#include <rapidcheck/gen/Numeric.hpp>
#include <vector>

#include "sense/proc/process_tree.h"

namespace ullage::sense {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kGiB = 1 << 30;

TreeProcess process(std::uint64_t anonymous, std::optional<std::uint64_t> proportional = {}) {
  TreeProcess made;
  made.sample.anonymous_bytes = anonymous;
  made.sample.shared_bytes = 0;
  made.sample.swap_bytes = 0;
  if (proportional)
    made.proportional =
        ProportionalReading{.used_bytes = *proportional, .counted_bytes = anonymous, .at = {}};
  return made;
}

TEST(UsedMemory, EightProcessesThatShareOneGibibyteReadAsOne) {
  const std::vector<TreeProcess> unread(8, process(kGiB + 3 * kMiB));
  const UsedMemory before = used_memory(unread, 0);
  EXPECT_EQ(before.upper_bytes, 8 * (kGiB + 3 * kMiB));
  EXPECT_TRUE(needs_proportional(before));

  const std::vector<TreeProcess> read(8, process(kGiB + 3 * kMiB, kGiB / 8 + 3 * kMiB));
  const UsedMemory after = used_memory(read, 0);
  EXPECT_EQ(after.best_bytes, kGiB + 24 * kMiB);
  EXPECT_EQ(after.unsettled_bytes, 0u);
  EXPECT_FALSE(needs_proportional(after));
}

RC_GTEST_PROP(UsedMemory, ASingleProcessIsExactWithoutPss,
              (std::uint32_t pages, std::uint32_t shared, std::uint32_t swapped)) {
  TreeProcess only = process(pages * 4096ull);
  only.sample.shared_bytes = shared * 4096ull;
  only.sample.swap_bytes = swapped * 4096ull;
  const UsedMemory used = used_memory({&only, 1}, 0);
  RC_ASSERT(used.best_bytes == (std::uint64_t{pages} + shared + swapped) * 4096);
  RC_ASSERT(!needs_proportional(used));
}

// Random processes over random pages, each page held by some of them; some have had their PSS read.
RC_GTEST_PROP(UsedMemory, IsNeverBelowTheTruthAndItsDoubtReachesDownToIt, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(1, 9);
  const auto pages = *rc::gen::container<std::vector<unsigned>>(rc::gen::inRange(1u, 1u << count));
  const auto read = *rc::gen::container<std::vector<bool>>(count, rc::gen::arbitrary<bool>());
  std::vector<std::uint64_t> counted(count), proportional(count);
  for (const unsigned holders : pages)
    for (std::size_t i = 0; i < count; ++i)
      if ((holders >> i & 1u) != 0) {
        counted[i] += 840;  // divisible by every number of holders
        proportional[i] += 840 / static_cast<unsigned>(std::popcount(holders));
      }
  const std::uint64_t truth = pages.size() * 840;
  std::vector<TreeProcess> tree;
  for (std::size_t i = 0; i < count; ++i)
    tree.push_back(process(counted[i], read[i] ? std::optional(proportional[i]) : std::nullopt));
  const UsedMemory used = used_memory(tree, 0);
  RC_ASSERT(used.best_bytes >= truth);
  RC_ASSERT(used.best_bytes <= used.upper_bytes);
  if (std::ranges::all_of(read, [](bool one) { return one; })) RC_ASSERT(used.best_bytes == truth);
}

TEST(UsedMemory, WhatWasGainedSinceTheReadingCountsInFull) {
  TreeProcess grown = process(100 * kMiB, 25 * kMiB);
  grown.sample.anonymous_bytes = 150 * kMiB;
  const std::vector<TreeProcess> tree = {grown, process(100 * kMiB, 75 * kMiB)};
  const UsedMemory used = used_memory(tree, 0);
  EXPECT_EQ(used.best_bytes, 150 * kMiB);
  // One process cannot share with itself.
  EXPECT_EQ(used.unsettled_bytes, 0u);
}

TEST(UsedMemory, ASharerThatLeftMakesTheOthersSharesLarger) {
  // Of eight that shared 1 GiB one remains: it holds all of it now.
  const TreeProcess last = process(kGiB, kGiB / 8);
  EXPECT_EQ(used_memory({&last, 1}, 7 * kGiB / 8).best_bytes, kGiB);
  EXPECT_EQ(used_memory({&last, 1}, 0).best_bytes, kGiB);  // it holds that much by itself in any case
}

TEST(UsedMemory, ASpikeBetweenReadingsIsOfThePeakOnly) {
  TreeProcess spiked = process(10 * kMiB);
  spiked.spike_bytes = kGiB;
  const UsedMemory used = used_memory({&spiked, 1}, 0);
  EXPECT_EQ(used.best_bytes, 10 * kMiB);
  EXPECT_EQ(used.peak_bytes, kGiB + 10 * kMiB);
}

TEST(UsedMemory, AChildInItsParentsAddressSpaceHoldsNothing) {
  std::vector<TreeProcess> tree(2, process(300 * kMiB));
  tree[1].borrows_memory = true;
  EXPECT_EQ(used_memory(tree, 0).best_bytes, 300 * kMiB);
}

TEST(UsedMemory, WithoutTheSplitAllThatIsResidentCounts) {
  TreeProcess closed;
  closed.sample.resident_bytes = 7 * kMiB;
  EXPECT_EQ(used_memory({&closed, 1}, 0).best_bytes, 7 * kMiB);
}

}  // namespace
}  // namespace ullage::sense
