// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <gtest/gtest.h>

namespace ullage {
namespace {

using namespace std::chrono_literals;

TEST(ManualClock, MovesBothClocksTogether) {
  ManualClock clock(1'000);
  clock.advance(1'500ms);
  EXPECT_EQ(clock.wall_ms(), 2'500);
  EXPECT_EQ(clock.monotonic(), 1'500ms);
}

TEST(ManualClock, SettingTheWallClockBackLeavesElapsedTimeAlone) {
  ManualClock clock(10'000);
  clock.advance(1s);
  clock.set_wall_ms(5'000);
  EXPECT_EQ(clock.wall_ms(), 5'000);
  EXPECT_EQ(clock.monotonic(), 1s);
}

TEST(SystemClock, MonotonicNeverGoesBack) {
  const SystemClock clock;
  const auto before = clock.monotonic();
  EXPECT_GE(clock.monotonic(), before);
  EXPECT_GT(clock.wall_ms(), 1'600'000'000'000);
}

}  // namespace
}  // namespace ullage
