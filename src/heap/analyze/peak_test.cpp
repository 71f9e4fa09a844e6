// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/peak.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/sanitizer.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/profile_fixture.h"
#include "heap/profile.h"

namespace ullage::heap {
namespace {

TEST(Peak, ThePeakOfSeveralProcessesIsWhereTheirSumIs) {
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

TEST(Peak, ThePeakOfOneProcessIsToldFromOthersInTheSameMillisecond) {
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

Amount all_at_peak(const Profile& profile) {
  Amount all;
  for (const Amount& amount : amounts_of(profile, {.at = {Moment::Kind::peak}})) all += amount;
  return all;
}

Interval peak_interval(const Profile& profile) {
  Amount peak = all_at_peak(profile);
  peak.greatest_of = moments_like_the_peak({&profile, 1}, {.at = {Moment::Kind::peak}}, peak);
  return interval_95(peak);
}

// A program by when its n-th block comes, when it goes, and how large it is; all within a minute.
struct Course {
  std::string name;
  int blocks;
  double mean_bytes;  // of the sampling
  std::pair<double, double> (*life)(double share, std::mt19937_64& random);
  double (*bytes)(std::mt19937_64& random) = [](std::mt19937_64&) { return 1000.0; };
};

std::vector<Block> blocks_of(const Course& course, std::uint64_t seed) {
  std::mt19937_64 random(seed + 1'000'000);  // apart from the sampling's
  std::vector<Block> blocks;
  for (int i = 0; i < course.blocks; ++i) {
    const auto [born, died] = course.life(static_cast<double>(i) / course.blocks, random);
    blocks.push_back({.born_seconds = born, .died_seconds = died, .bytes = course.bytes(random)});
  }
  return blocks;
}

// The slots are so many that what is fullest by chance is seen, as the recorder ends one there.
TEST(Peak, TheIntervalOfASampledOneHoldsTheTruthWhateverTheProgramsCourse) {
  const auto steady = [](double share, std::mt19937_64&) { return std::pair(share * 60, share * 60 + 3); };
  const auto at_random = [](double share, std::mt19937_64& random) {
    return std::pair(share * 60, share * 60 + std::exponential_distribution(0.5)(random));
  };
  const auto mixed = [](std::mt19937_64& random) {
    return std::exp(std::normal_distribution(6.0, 1.2)(random));
  };
  const std::vector<Course> courses{
      {"a plateau", 2000, 5000, steady},
      {"a plateau, few samples", 2000, 20'000, steady},
      {"a plateau, many samples", 6000, 2000, steady},
      {"random lives", 3000, 5000, at_random},
      {"random lives and sizes", 3000, 10'000, at_random, mixed},
      {"growth", 1000, 10'000,
       [](double share, std::mt19937_64&) { return std::pair(share * 60, kForever); }},
      {"a spike", 1200, 10'000,
       [](double share, std::mt19937_64&) {
         const double at = share * 60;
         return std::pair(at, at > 20 && at < 35 ? std::max(at + 1, 35.0) : at + 1);
       }},
      {"a saw", 2000, 10'000,
       [](double share, std::mt19937_64&) {
         const int tooth = static_cast<int>(share * 10);
         return std::pair(share * 60, (tooth + 1) * 6.0);
       }},
      {"two levels", 2000, 8000, [](double share, std::mt19937_64&) {
         return std::pair(share * 60, share * 60 + (share < 0.6 ? 1.5 : 3));
       }}};
  constexpr std::size_t kSeeds = kUnderSanitizer ? 20 : 100;
  for (const Course& course : courses) {
    std::size_t holds = 0;
    for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
      const std::vector<Block> blocks = blocks_of(course, seed);
      const double truth = all_at_peak(profile_of(blocks, {.slots = 2000})).bytes;
      const Interval told =
          peak_interval(profile_of(blocks, {.slots = 2000, .mean_bytes = course.mean_bytes, .seed = seed}));
      holds += told.low <= truth && truth <= told.high ? 1 : 0;
    }
    EXPECT_GE(holds, kSeeds * 88 / 100) << course.name;
  }
}

TEST(Peak, OneThatIsReachedOnceIsHardlyWidened) {
  std::vector<Block> blocks;
  for (int i = 0; i < 1000; ++i)
    blocks.push_back({.born_seconds = i * 0.03, .died_seconds = 31, .bytes = 1000});
  const Profile profile = profile_of(blocks, {.slots = 600, .mean_bytes = 5000});
  EXPECT_GT(peak_interval(profile).low, interval_95(all_at_peak(profile)).low * 0.95);
}

}  // namespace
}  // namespace ullage::heap
