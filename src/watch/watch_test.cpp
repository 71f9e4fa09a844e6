// SPDX-License-Identifier: Apache-2.0
#include "watch/watch.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "metric/frame.h"
#include "watch/watch_fixture.h"

namespace ullage::watch {
namespace {

constexpr std::int64_t kMinutesOfADay = 1440;

TEST(NextTick, IsTheNextMultipleOfTheInterval) {
  EXPECT_EQ(next_tick_ms(10'000, 1000), 11'000);
  EXPECT_EQ(next_tick_ms(10'999, 1000), 11'000);
  EXPECT_EQ(next_tick_ms(10'001, 5000), 15'000);
}

// A process of the test's a minute: after a day there are no more series than a few minutes have.
TEST(Watch, ForgetsSeriesThatEndHoweverManyCome) {
  int number = 0;
  const ManualClock clock;
  Watch watch(one_source([&](metric::Frame& frame) -> Result<void> {
                const std::string pid = std::to_string(++number);
                frame.add("process_bytes", {{"pid", pid}}, 1);
                return {};
              }),
              100, nullptr, clock);
  for (std::int64_t minute = 0; minute < kMinutesOfADay; ++minute) watch.look(minute * 60'000);
  EXPECT_LE(watch.live().size(), 10u);
  EXPECT_EQ(watch.live().refused(), 0u);
  EXPECT_EQ(watch.counts().ticks, 1440u);
}

TEST(Watch, GoesOnWhenTheClockIsSetBack) {
  const ManualClock clock;
  Watch watch(one_source([](metric::Frame& frame) -> Result<void> {
                frame.add("up", 1);
                return {};
              }),
              100, nullptr, clock);
  watch.look(10'000'000'000);
  watch.look(1'000'000'000);
  int seen = 0;
  watch.live().each_current([&](const metric::LiveSeries::Entry& entry) {
    ++seen;
    EXPECT_EQ(entry.time_ms, 1'000'000'000);
  });
  EXPECT_EQ(seen, 3);
}

}  // namespace
}  // namespace ullage::watch
