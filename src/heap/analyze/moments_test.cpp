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

TEST(Moments, ThePeakOfSeveralProcessesIsWhereTheirSumIs) {
  const std::vector<Block> early{{.born_seconds = 10, .died_seconds = 20, .bytes = 1000}};
  const std::vector<Block> late{{.born_seconds = 30, .died_seconds = 40, .bytes = 700}};
  std::vector<Block> both{{.born_seconds = 30, .died_seconds = 40, .bytes = 700}};
  const std::vector<Profile> profiles{profile_of(early, {.slots = 60}),
                                      profile_of(late, {.slots = 60, .pid = 2}),
                                      profile_of(both, {.slots = 60, .pid = 3})};
  const Moment peak = shared_peak(profiles);
  EXPECT_EQ(peak.kind, Moment::Kind::time);
  EXPECT_EQ(peak.time_ms, profiles[0].started_ms + 30'000);
}

TEST(Moments, ThePeakOfOneProcessIsToldFromOthersInTheSameMillisecond) {
  Profile profile = profile_of({{.born_seconds = 10, .died_seconds = 20, .bytes = 1000},
                                {.born_seconds = 30, .died_seconds = 40, .bytes = 7000},
                                {.born_seconds = 50, .died_seconds = 60, .bytes = 100}},
                               {.slots = 60});
  for (std::int64_t& end_ms : profile.slot_ends_ms) end_ms = profile.started_ms + 4;
  const std::vector<Profile> profiles{profile};
  const Question question = with_shared_peak({.at = {Moment::Kind::peak}}, profiles);
  double bytes = 0;
  for (const Amount& amount : amounts_of(profile, question)) bytes += amount.bytes;
  EXPECT_EQ(bytes, 7000);
}

// A plateau of 100 blocks that come and go 20 times over: the fullest moment of it is full by chance, too.
TEST(Moments, TheIntervalOfASampledPeakHoldsTheTruth) {
  std::vector<Block> blocks;
  for (int i = 0; i < 2000; ++i)
    blocks.push_back({.born_seconds = i * 0.03, .died_seconds = i * 0.03 + 3, .bytes = 1000});
  constexpr int kSeeds = 300;
  int holds = 0, holds_unaware = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const std::vector<Profile> profiles{profile_of(blocks, {.slots = 600, .mean_bytes = 5000, .seed = seed})};
    Amount peak;
    for (const Amount& amount : amounts_of(profiles[0], {.at = {Moment::Kind::peak}})) peak += amount;
    const auto is_inside = [](const Interval& interval) {
      return interval.low <= 100'000 && 100'000 <= interval.high;
    };
    holds_unaware += is_inside(interval_95(peak)) ? 1 : 0;
    peak.greatest_of = moments_like_the_peak(profiles, {.at = {Moment::Kind::peak}}, peak);
    EXPECT_GT(peak.greatest_of, 2);
    holds += is_inside(interval_95(peak)) ? 1 : 0;
  }
  EXPECT_GE(holds, kSeeds * 88 / 100);
  EXPECT_LT(holds_unaware, kSeeds * 80 / 100);
}

TEST(Moments, APeakThatIsReachedOnceIsNotWidened) {
  std::vector<Block> blocks;
  for (int i = 0; i < 1000; ++i)
    blocks.push_back({.born_seconds = i * 0.03, .died_seconds = 31, .bytes = 1000});
  const std::vector<Profile> profiles{profile_of(blocks, {.slots = 600, .mean_bytes = 5000})};
  Amount peak;
  for (const Amount& amount : amounts_of(profiles[0], {.at = {Moment::Kind::peak}})) peak += amount;
  EXPECT_LT(moments_like_the_peak(profiles, {.at = {Moment::Kind::peak}}, peak), 2);
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
