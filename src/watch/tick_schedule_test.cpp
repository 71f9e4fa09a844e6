// SPDX-License-Identifier: Apache-2.0
#include "watch/tick_schedule.h"

#include <gtest/gtest.h>

#include <chrono>

namespace ullage::watch {
namespace {

using namespace std::chrono_literals;

TEST(TickSchedule, LooksAtOnceAndThenAtWholeIntervals) {
  TickSchedule schedule;
  const auto first = schedule.due(10'400, 1s);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->time_ms, 10'000);
  EXPECT_EQ(first->lateness, 0ms);
  EXPECT_EQ(schedule.until_next(10'410, 1s), 590ms);
  const auto second = schedule.due(11'003, 1s);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->time_ms, 11'000);
  EXPECT_EQ(second->lateness, 3ms);
  EXPECT_EQ(second->skipped, 0u);
}

// It would have looked under the time of the tick before, a second time.
TEST(TickSchedule, ATimerThatGoesOffEarlyWaitsForTheRest) {
  TickSchedule schedule;
  ASSERT_TRUE(schedule.due(10'000, 1s));
  EXPECT_EQ(schedule.until_next(10'005, 1s), 995ms);
  EXPECT_FALSE(schedule.due(10'998, 1s));
  EXPECT_EQ(schedule.until_next(10'998, 1s), 2ms);
  const auto tick = schedule.due(11'000, 1s);
  ASSERT_TRUE(tick);
  EXPECT_EQ(tick->time_ms, 11'000);
  EXPECT_EQ(tick->lateness, 0ms);
}

TEST(TickSchedule, CountsTheMomentsThatWentBy) {
  TickSchedule schedule;
  ASSERT_TRUE(schedule.due(10'000, 1s));
  EXPECT_EQ(schedule.until_next(10'001, 1s), 999ms);
  const auto tick = schedule.due(13'250, 1s);
  ASSERT_TRUE(tick);
  EXPECT_EQ(tick->time_ms, 13'000);
  EXPECT_EQ(tick->lateness, 2250ms);
  EXPECT_EQ(tick->skipped, 2u);
}

TEST(TickSchedule, FollowsAClockThatWasSetBack) {
  TickSchedule schedule;
  ASSERT_TRUE(schedule.due(100'000, 1s));
  (void)schedule.until_next(100'001, 1s);
  const auto tick = schedule.due(40'300, 1s);
  ASSERT_TRUE(tick);
  EXPECT_EQ(tick->time_ms, 40'000);
  EXPECT_EQ(tick->skipped, 0u);
  EXPECT_EQ(schedule.until_next(40'300, 1s), 700ms);
}

}  // namespace
}  // namespace ullage::watch
