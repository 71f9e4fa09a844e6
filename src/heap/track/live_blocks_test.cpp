// SPDX-License-Identifier: Apache-2.0
#include "heap/track/live_blocks.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/heap_file_fixture.h"

namespace ullage::heap::track {
namespace {

using file::BlockValues;

auto to_tuple(const BlockValues& b) {
  return std::tuple(b.address, b.size, b.node, b.birth_slot, b.mean_exponent);
}

BlockValues block_of(std::uint32_t place, std::uint32_t seed) {
  return {.address = 0x7F00'0000'0000 + std::uint64_t{place} * 16,
          .size = seed * 2'654'435'761 % (std::uint64_t{1} << 40),
          .node = seed % file::kNodesMax,
          .birth_slot = seed % file::kSlotsMax,
          .mean_exponent = seed % 64};
}

class LiveBlocksTest : public HeapFileTest {
 protected:
  using Model = std::map<std::uint64_t, decltype(to_tuple({}))>;
  static Model blocks_in_file(const HeapFile& file);
};

// All that a reader of the file finds.
LiveBlocksTest::Model LiveBlocksTest::blocks_in_file(const HeapFile& file) {
  Model found;
  for (std::uint32_t shard = 0; shard < file::kShards; ++shard) {
    const std::uint32_t chunk = file.header()->live_chunk[shard];
    if (chunk == 0) continue;
    for (const PlainBlock& block : blocks_of(file, chunk - 1)) {
      if (block.first == 0) continue;
      const BlockValues values = file::unpack(block.first, block.second);
      found.emplace(values.address, to_tuple(values));
    }
  }
  return found;
}

RC_GTEST_FIXTURE_PROP(LiveBlocksTest, LiveBlocksAreWhatAMapWouldHold, ()) {
  HeapFile file;
  begin(file);
  LiveBlocks live;
  live.write_to(file);
  Model model;
  const auto steps = *rc::gen::container<std::vector<std::pair<std::uint32_t, std::uint32_t>>>(
      rc::gen::pair(rc::gen::inRange<std::uint32_t>(0, 3000), rc::gen::inRange<std::uint32_t>(0, 1'000'000)));
  for (const auto& [place, seed] : steps) {
    const BlockValues block = block_of(place, seed);
    BlockValues other{};
    const auto known = model.find(block.address);
    if (seed % 3 == 0) {
      RC_ASSERT(live.take(block.address, other) == (known != model.end()));
      if (known != model.end()) RC_ASSERT(to_tuple(other) == known->second);
      model.erase(block.address);
      continue;
    }
    const auto added = live.add(block, other);
    RC_ASSERT(added ==
              (known == model.end() ? LiveBlocks::Added::is_new : LiveBlocks::Added::instead_of_another));
    if (known != model.end()) RC_ASSERT(to_tuple(other) == known->second);
    model[block.address] = to_tuple(block);
  }
  RC_ASSERT(blocks_in_file(file) == model);
}

TEST_F(LiveBlocksTest, AMillionLiveBlocksTakeLessThanFortyMiB) {
  HeapFile file;
  begin(file);
  LiveBlocks live;
  live.write_to(file);
  BlockValues none{};
  for (std::uint32_t i = 0; i < 1'000'000; ++i)
    ASSERT_EQ(live.add(block_of(i * 7, i), none), LiveBlocks::Added::is_new);
  std::uint64_t bytes = 0;
  for (const std::uint32_t chunk : live_chunks(file)) bytes += file.header()->chunks[chunk].bytes;
  EXPECT_LE(bytes, 40u << 20);
  for (std::uint32_t i = 0; i < 1'000'000; ++i) ASSERT_TRUE(live.take(block_of(i * 7, 0).address, none));
  EXPECT_TRUE(blocks_in_file(file).empty());
}

TEST_F(LiveBlocksTest, WithoutRoomABlockIsTurnedAwayAndTheOthersStay) {
  HeapFile file;
  begin(file, sizeof(file::FileHeader) + (512 << 10));
  LiveBlocks live;
  live.write_to(file);
  BlockValues none{};
  std::uint32_t count = 0;
  while (live.add(block_of(count, count), none) == LiveBlocks::Added::is_new) ++count;
  EXPECT_GT(count, 1000u);
  for (std::uint32_t i = 0; i < count; ++i) EXPECT_TRUE(live.take(block_of(i, 0).address, none));
}

}  // namespace
}  // namespace ullage::heap::track
