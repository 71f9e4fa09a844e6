// SPDX-License-Identifier: Apache-2.0
#include "session/pace.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace ullage::session {
namespace {

using namespace std::chrono_literals;

struct Simulated {
  std::uint64_t looks = 0;
  std::uint64_t ticks = 0;
  Pace::Duration longest_gap{0};
};

Simulated simulate(Pace& pace, Pace::Duration length, Pace::Duration cost) {
  Simulated run;
  Pace::Duration elapsed{0};
  while (elapsed < length) {
    ++run.looks;
    if (pace.take_store(elapsed)) ++run.ticks;
    if (pace.take_doubling(run.ticks)) run.ticks /= 2;
    const auto delay = pace.until_next_look(elapsed, cost);
    run.longest_gap = std::max(run.longest_gap, delay);
    elapsed += delay;
  }
  return run;
}

TEST(Pace, ARunOfAnyLengthHoldsAboutTwoThousandTicks) {
  for (const auto length :
       {std::chrono::seconds(60), std::chrono::seconds(3'600), std::chrono::seconds(86'400)}) {
    Pace pace(std::nullopt);
    const auto run = simulate(pace, length, 50us);
    EXPECT_GE(run.ticks, 900u) << length.count();
    EXPECT_LE(run.ticks, 2'000u) << length.count();
  }
}

TEST(Pace, ARunOfFiveMillisecondsIsLookedAtTwice) {
  Pace pace(std::nullopt);
  EXPECT_GE(simulate(pace, 5ms, 50us).ticks, 2u);
}

TEST(Pace, LooksHappenOnceASecondHoweverLongTheInterval) {
  Pace pace(std::nullopt);
  const auto run = simulate(pace, 24h, 50us);
  EXPECT_LE(run.longest_gap, 1s);
  EXPECT_GT(pace.interval(), 10s);
}

TEST(Pace, CostlyLooksComeLessOftenUpToASecond) {
  Pace pace(std::nullopt);
  const auto run = simulate(pace, 100s, 2ms);  // 2 ms / 0.5 % = 400 ms apart
  EXPECT_NEAR(static_cast<double>(run.looks), 250, 30);
  Pace slow(std::nullopt);
  EXPECT_GE(simulate(slow, 100s, 100ms).looks, 99u);
}

TEST(Pace, TheFirstLooksMayBeDearerThanTheLater) {
  Pace pace(std::nullopt);
  Pace::Duration elapsed{0};
  elapsed += pace.until_next_look(elapsed, 3ms);
  while (elapsed < 100ms) {
    const auto delay = pace.until_next_look(elapsed, 200us);
    EXPECT_LE(delay, 20ms);
    elapsed += delay;
  }
}

TEST(Pace, AFixedIntervalIsKept) {
  Pace pace(250ms);
  const auto run = simulate(pace, 100s, 50us);
  EXPECT_NEAR(static_cast<double>(run.ticks), 400, 2);
  Pace slow(10s);
  const auto ten = simulate(slow, 100s, 50us);
  EXPECT_EQ(ten.ticks, 10u);
  EXPECT_GE(ten.looks, 100u);  // between the stored ones too
}

TEST(Pace, AFirstLookAtAMachineFullOfProcessesDoesNotSlowTheNextOnes) {
  Pace pace(std::nullopt);
  EXPECT_LE(pace.until_next_look(30ms, 30ms), 20ms);
  int looks = 0;
  for (Pace::Duration elapsed = 40ms; elapsed < 1s; ++looks) elapsed += pace.until_next_look(elapsed, 100us);
  EXPECT_GE(looks, 45);
}

}  // namespace
}  // namespace ullage::session
