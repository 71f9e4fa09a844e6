// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/moments.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "heap/analyze/profile_fixture.h"
#include "heap/profile.h"

namespace ullage::heap {
namespace {

// Of a minute in 60 slots: 1000 bytes at second 5 for good, 500 from 10 to 30, 10 × 8 bytes that are freed at
// once at 50.
Profile three_sites() {
  std::vector<Block> blocks{{.stack = "main;table", .born_seconds = 5, .bytes = 1000},
                            {.stack = "main;load", .born_seconds = 10, .died_seconds = 30, .bytes = 500}};
  for (int i = 0; i < 10; ++i)
    blocks.push_back(
        {.stack = "main;text", .born_seconds = 50, .died_seconds = 50, .bytes = 8, .is_temporary = true});
  return profile_of(blocks, {.slots = 60});
}

std::vector<double> bytes_of(const std::vector<Amount>& amounts) {
  std::vector<double> bytes;
  for (const Amount& amount : amounts) bytes.push_back(amount.bytes);
  return bytes;
}
Moment at_second(const Profile& profile, std::int64_t second) {
  return {Moment::Kind::time, profile.started_ms + second * 1000};
}

TEST(Moments, TellWhatLivesAtTheEndAtThePeakAndAtATime) {
  const Profile profile = three_sites();
  EXPECT_EQ(bytes_of(amounts_of(profile, {})), (std::vector<double>{1000, 0, 0}));
  EXPECT_EQ(bytes_of(amounts_of(profile, {.at = {Moment::Kind::peak}})), (std::vector<double>{1000, 500, 0}));
  EXPECT_EQ(bytes_of(amounts_of(profile, {.at = at_second(profile, 7)})), (std::vector<double>{1000, 0, 0}));
  EXPECT_EQ(bytes_of(amounts_of(profile, {.at = at_second(profile, 20)})),
            (std::vector<double>{1000, 500, 0}));
}

TEST(Moments, HaveNothingOfAProcessBeforeItsStartAndAfterItsEnd) {
  const Profile profile = three_sites();
  EXPECT_EQ(bytes_of(amounts_of(profile, {.at = at_second(profile, -1)})), (std::vector<double>{0, 0, 0}));
  EXPECT_EQ(bytes_of(amounts_of(profile, {.at = at_second(profile, 61)})), (std::vector<double>{0, 0, 0}));
  const Question allocated{.measure = Measure::allocated, .at = at_second(profile, 61)};
  EXPECT_EQ(bytes_of(amounts_of(profile, allocated)), (std::vector<double>{1000, 500, 80}));
}

TEST(Moments, TakeTheSlotEndThatIsNearest) {
  const Profile profile = three_sites();
  const Moment just_before{Moment::Kind::time, profile.started_ms + 4600};  // the slot ends at 5000
  EXPECT_EQ(amounts_of(profile, {.at = just_before})[0].bytes, 1000);
  const Moment just_after{Moment::Kind::time, profile.started_ms + 4400};
  EXPECT_EQ(amounts_of(profile, {.at = just_after})[0].bytes, 0);
}

TEST(Moments, GrowthIsWhatOneMomentHasMoreThanAnother) {
  const Profile profile = three_sites();
  const Question growth{.measure = Measure::growth, .at = {}, .since = at_second(profile, 20)};
  EXPECT_EQ(bytes_of(amounts_of(profile, growth)), (std::vector<double>{0, -500, 0}));
}

TEST(Moments, AllocationsAreCountedBetweenTwoMomentsAndTemporaryOnesApart) {
  const Profile profile = three_sites();
  const Question later{.measure = Measure::allocated, .at = {}, .since = at_second(profile, 40)};
  EXPECT_EQ(amounts_of(profile, later)[2].count, 10);
  EXPECT_EQ(amounts_of(profile, later)[0].count, 0);
  const Question temporary{.measure = Measure::temporary};
  EXPECT_EQ(amounts_of(profile, temporary)[2].count, 10);
  EXPECT_EQ(amounts_of(profile, temporary)[2].bytes, 80);
  EXPECT_EQ(amounts_of(profile, temporary)[1].count, 0);
}

// 1000 times sampled: the interval holds the truth as often as it says.
TEST(Moments, TheIntervalOfASampledAmountHoldsTheTruthNineteenTimesInTwenty) {
  for (const double samples : {1.0, 3.0, 10.0, 50.0}) {
    std::size_t holds = 0;
    constexpr std::size_t kTimes = 1000;
    for (std::uint64_t seed = 1; seed <= kTimes; ++seed) {
      const std::vector<Block> blocks(500, {.bytes = 64});
      const Profile profile =
          profile_of(blocks, {.slots = 1, .mean_bytes = 500 * 64 / samples, .seed = seed});
      Amount all;
      for (const Amount& amount : amounts_of(profile, {})) all += amount;
      const Interval interval = interval_95(all);
      // Of nothing seen nothing is known.
      if (all.bytes == 0 || (interval.low <= 500 * 64 && 500 * 64 <= interval.high)) ++holds;
    }
    EXPECT_GE(holds, kTimes * 94 / 100) << samples;
  }
}

TEST(Moments, AnExactAmountIsItsOwnInterval) {
  const Interval interval = interval_95({.count = 3, .bytes = 48});
  EXPECT_EQ(interval.low, 48);
  EXPECT_EQ(interval.high, 48);
}

TEST(Moments, WhatDiesTakesItsPartOfTheVarianceWithIt) {
  std::vector<Block> blocks(1000, {.born_seconds = 5, .died_seconds = 30, .bytes = 64});
  const Profile profile = profile_of(blocks, {.slots = 60, .mean_bytes = 1024});
  EXPECT_GT(amounts_of(profile, {.at = at_second(profile, 20)})[0].variance, 0);
  EXPECT_EQ(amounts_of(profile, {.at = at_second(profile, 40)})[0].variance, 0);
}

}  // namespace
}  // namespace ullage::heap
