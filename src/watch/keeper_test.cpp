// SPDX-License-Identifier: Apache-2.0
#include "watch/keeper.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "history/open_for_reading.h"
#include "metric/live_series.h"
#include "watch/watch_fixture.h"

namespace ullage::watch {
namespace {

constexpr std::int64_t kNoon = 1'700'049'600'000;

class KeeperTest : public testing::Test {
 protected:
  KeeperTest() { EXPECT_TRUE(scratch_); }
  std::string folder() const { return scratch_->path() + "/history"; }
  Result<history::ScratchFolder> scratch_ = history::ScratchFolder::make();
};

TEST_F(KeeperTest, PutsEachTickIntoTheHistory) {
  auto keeper = Keeper::open(folder(), {});
  ASSERT_TRUE(keeper) << keeper.error().text();
  metric::LiveSeries live(100);
  for (std::int64_t second = 0; second < 100; ++second) {
    live.begin(kNoon + second * 1000);
    live.add("a", static_cast<double>(second));
    if (second >= 50) live.add("b", {{"device", "sda"}}, static_cast<double>(2 * second));
    keeper->keep(live);
    keeper->wait_until_kept();
  }
  EXPECT_EQ(samples_of(folder(), "a").size(), 100u);
  EXPECT_EQ(samples_of(folder(), "b").size(), 50u);
  const KeeperCounts counts = keeper->counts();
  EXPECT_EQ(counts.kept_samples, 150u);
  EXPECT_EQ(counts.error, "");
  EXPECT_EQ(counts.history.live_series, 2u);
}

TEST_F(KeeperTest, GivesAPlaceThatWasGivenBackToAnotherSeries) {
  auto keeper = Keeper::open(folder(), {});
  ASSERT_TRUE(keeper);
  metric::LiveSeries live(1);
  live.begin(kNoon);
  live.add("a", 1);
  keeper->keep(live);
  live.begin(kNoon + 1000);
  live.forget_before(kNoon + 1000);
  live.add("b", 2);
  keeper->keep(live);
  keeper->wait_until_kept();
  ASSERT_EQ(samples_of(folder(), "a").size(), 1u);
  ASSERT_EQ(samples_of(folder(), "b").size(), 1u);
  EXPECT_EQ(samples_of(folder(), "b")[0].value, 2);
}

// The history forgets a series ten minutes after its last sample, the live ones may not have.
TEST_F(KeeperTest, KnowsASeriesAgainThatTheHistoryHasForgotten) {
  auto keeper = Keeper::open(folder(), {});
  ASSERT_TRUE(keeper);
  metric::LiveSeries live(10);
  for (std::int64_t minute = 0; minute < 40; ++minute) {
    live.begin(kNoon + minute * 60'000);
    live.add("clock", static_cast<double>(minute));
    if (minute == 0 || minute == 39) live.add("rare", static_cast<double>(minute));
    keeper->keep(live);
    keeper->wait_until_kept();
  }
  const auto rare = samples_of(folder(), "rare");
  ASSERT_FALSE(rare.empty());
  EXPECT_EQ(rare.front().value, 0);
  EXPECT_EQ(rare.back().value, 39);
}

TEST_F(KeeperTest, IsTheOnlyOneInItsFolder) {
  const auto first = Keeper::open(folder(), {});
  ASSERT_TRUE(first);
  const auto second = Keeper::open(folder(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().system_error, EBUSY);
}

}  // namespace
}  // namespace ullage::watch
