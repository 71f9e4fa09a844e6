// SPDX-License-Identifier: Apache-2.0
#include "heap/scan/reachability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

namespace ullage::heap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Memory of words that are 0 but where something was stored.
class ReachabilityTest : public ::testing::Test {
 protected:
  void store(std::uint64_t address, std::uint64_t word) { memory_[address] = word; }
  void block(std::uint64_t begin, std::uint64_t bytes) { question_.blocks.push_back({begin, begin + bytes}); }

  std::vector<std::uint64_t> lost() {
    const auto read = [this](std::uint64_t address, std::span<std::uint64_t> words) {
      for (std::size_t i = 0; i < words.size(); ++i) {
        const auto found = memory_.find(address + 8 * i);
        words[i] = found == memory_.end() ? 0 : found->second;
      }
      return words.size_bytes();
    };
    return find_lost(question_, read, [this] { return pieces_left_-- > 0; }).value();
  }

  ReachabilityQuestion question_{.roots = {{0x1000, 0x1100}}};
  std::map<std::uint64_t, std::uint64_t> memory_;
  int pieces_left_ = 1000;
};

TEST_F(ReachabilityTest, ABlockThatNothingPointsToIsLost) {
  block(0x8000, 64);
  block(0x9000, 64);
  store(0x1008, 0x8000);
  EXPECT_THAT(lost(), ElementsAre(0x9000));
}

TEST_F(ReachabilityTest, PointersAreFollowedThroughBlocks) {
  block(0x8000, 64);
  block(0x9000, 64);
  block(0xA000, 64);
  store(0x1008, 0x8000);
  store(0x8010, 0x9000);
  store(0x9038, 0xA000);
  EXPECT_THAT(lost(), IsEmpty());
}

TEST_F(ReachabilityTest, ACycleThatNothingLeadsToIsLost) {
  block(0x8000, 64);
  block(0x9000, 64);
  store(0x8000, 0x9000);
  store(0x9000, 0x8000);
  EXPECT_THAT(lost(), ElementsAre(0x8000, 0x9000));
}

TEST_F(ReachabilityTest, APointerIntoTheMidstOfABlockCountsOneBehindItDoesNot) {
  block(0x8000, 64);
  block(0x9000, 64);
  store(0x1000, 0x8000 + 63);
  store(0x1010, 0x9000 + 64);
  EXPECT_THAT(lost(), ElementsAre(0x9000));
}

TEST_F(ReachabilityTest, RegistersAreRoots) {
  block(0x8000, 64);
  question_.words = {0x8000};
  EXPECT_THAT(lost(), IsEmpty());
}

TEST_F(ReachabilityTest, ABlockOfNoBytesIsReachedByItsAddress) {
  block(0x8000, 0);
  block(0x9000, 0);
  store(0x1000, 0x8000);
  EXPECT_THAT(lost(), ElementsAre(0x9000));
}

TEST_F(ReachabilityTest, FromStacksAndRegistersAPointerCountsNearABlocksBeginning) {
  block(0x8000, 4096);
  block(0x9000, 4096);
  block(0xA000, 4096);
  question_.cluttered = {{0x2000, 0x2100}};
  question_.words = {0xA800};
  store(0x2008, 0x8010);  // a second base class
  store(0x2010, 0x9800);  // once a block of its own, in memory that the block has taken
  EXPECT_THAT(lost(), ElementsAre(0x9000, 0xA000));
}

TEST_F(ReachabilityTest, AHashTableOfRustsIsPointedToBehindItsEntries) {
  constexpr std::uint64_t kPlaces = 64, kEntry = 32, kGroup = 16;
  block(0x8000, kPlaces * kEntry + kPlaces + kGroup);
  block(0x9000, kPlaces * kEntry + kPlaces + kGroup);
  block(0xA000, 64);
  question_.cluttered = {{0x2000, 0x2100}};
  store(0x2008, 0x8000 + kPlaces * kEntry);
  store(0x2010, 0x9000 + kPlaces * kEntry - kGroup);
  store(0x8040, 0xA000);  // an entry
  EXPECT_THAT(lost(), ElementsAre(0x9000));
}

TEST_F(ReachabilityTest, AmongBlocksThatNobodyKnowsAllMemoryIsARootButTheKnownOnes) {
  block(0x8000, 64);
  block(0x9000, 64);
  block(0x9800, 64);
  block(0xB000, 64);
  question_.roots_hold_blocks = true;
  question_.roots = {{0x1000, 0x1100}, {0x8000, 0xC000}};
  store(0x8008, 0x8000);  // of itself
  store(0x8100, 0x9000);  // of an unknown block beside it
  store(0x9000, 0x9800);
  store(0x8010, 0xB000);  // of one that is lost
  EXPECT_THAT(lost(), ElementsAre(0x8000, 0xB000));
}

TEST_F(ReachabilityTest, ItEndsWithAnErrorWhenItMayNotGoOn) {
  block(0x8000, 64);
  const auto read = [](std::uint64_t, std::span<std::uint64_t> words) { return words.size_bytes(); };
  EXPECT_FALSE(find_lost(question_, read, [] { return false; }));
}

}  // namespace
}  // namespace ullage::heap
