// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/verdicts.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/sanitizer.h"
#include "heap/analyze/histories_fixture.h"
#include "heap/analyze/profile_fixture.h"
#include "heap/profile.h"

namespace ullage::heap {
namespace {

bool is_accused(const Verdicts& verdicts) {
  for (const Verdict& verdict : verdicts.leaks)
    if (verdict.kind == VerdictKind::growing || verdict.kind == VerdictKind::lost) return true;
  return false;
}

struct Score {
  std::size_t asked = 0, right = 0;
  std::string wrong;
  double ratio() const { return static_cast<double>(right) / static_cast<double>(asked); }
};

// living_samples 0: exact; else the mean is chosen so that about so many of what lives are seen.
void ask(const NamedHistory& history, double living_samples, std::uint64_t seed, Score& score) {
  History written(seed);
  history.write(written);
  double living = 0;
  for (const Block& block : written.blocks)
    if (block.died_seconds > 60) living += block.bytes;
  ProfileShape shape{.seed = seed * 77 + 5};
  if (living_samples > 0) shape.mean_bytes = living / living_samples;
  const std::vector<Profile> profiles{profile_of(written.blocks, shape)};
  ++score.asked;
  if (is_accused(judge(profiles)) == history.is_growing)
    ++score.right;
  else
    score.wrong += "\n  " + history.name + ", " + std::to_string(living_samples) + " samples, seed " +
                   std::to_string(seed);
}

// The same, with all that lives freed in the last moments, as destructors of globals do.
TEST(Verdicts, WhatADestructorFreesAtExitIsJudgedByItsLevels) {
  for (const bool is_growing : {true, false}) {
    Score score;
    for (const NamedHistory& history :
         is_growing ? growing_histories() : joined({settled_histories(), lately_settled()})) {
      History written(3);
      history.write(written);
      for (Block& block : written.blocks)
        if (block.died_seconds > 59.9) block.died_seconds = 59.9;
      ++score.asked;
      if (is_accused(judge(std::vector<Profile>{profile_of(written.blocks)})) == is_growing)
        ++score.right;
      else
        score.wrong += "\n  " + history.name;
    }
    EXPECT_GE(score.ratio(), is_growing ? 0.5 : 1) << score.wrong;
  }
}

void ask_all(const std::vector<NamedHistory>& histories, double samples, std::uint64_t seeds, Score& score) {
  for (const NamedHistory& history : histories)
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) ask(history, samples, seed, score);
}

// A sanitizer changes no verdict: once is enough for it.
TEST(Verdicts, EachExactHistoryIsJudgedRight) {
  Score score;
  ask_all(growing_histories(), 0, kUnderSanitizer ? 1 : 2, score);
  ask_all(settled_histories(), 0, kUnderSanitizer ? 1 : 2, score);
  ask_all(lately_settled(), 0, kUnderSanitizer ? 1 : 10, score);
  EXPECT_EQ(score.right, score.asked) << score.wrong;
}

// With a handful of samples a leak beside a cache cannot be told from a cache: then nobody is accused.
TEST(Verdicts, OfSampledHistoriesNineteenInTwentyAreJudgedRightAndHardlyAnyWrongly) {
  constexpr std::uint64_t kSeeds = 2;
  std::vector<std::pair<double, double>> least = {{10, 0.65}, {30, 0.9}, {100, 0.95}};
  if (kUnderSanitizer) least = {least.back()};
  Score all;
  for (const auto& [samples, growing_min] : least) {
    Score growing, settled;
    ask_all(growing_histories(), samples, kSeeds, growing);
    ask_all(settled_histories(), samples, kSeeds, settled);
    EXPECT_GE(growing.ratio(), growing_min) << growing.wrong;
    EXPECT_GE(settled.ratio(), 0.985) << settled.wrong;
    all.asked += growing.asked + settled.asked;
    all.right += growing.right + settled.right;
  }
  EXPECT_GE(all.ratio(), 0.95);
}

TEST(Verdicts, OfWhatHasSettledLatelyManySamplesTellItAndFewAreNotSure) {
  Score many;
  ask_all(lately_settled(), 400, 20, many);
  EXPECT_GE(many.ratio(), 0.8) << many.wrong;
}

TEST(Verdicts, WhatHasSettledOnlyJustIsLessSurelySo) {
  const auto confidence_of = [](double until) {
    History written(1);
    written.times(4000, 0, until, [&](double t) { written.block(t); });
    const Verdicts verdicts = judge(std::vector<Profile>{profile_of(written.blocks)});
    EXPECT_EQ(verdicts.settled.size(), 1u);
    return verdicts.settled.empty() ? 0 : verdicts.settled[0].confidence;
  };
  EXPECT_GE(confidence_of(0.5), 0.9);
  EXPECT_LE(confidence_of(0.9), 0.7);
}

TEST(Verdicts, AQueuesLevelMayFallByChanceWhereItIsSampled) {
  const NamedHistory queue{"a queue emptied nearly as fast as it is filled", true, [](History& h) {
                             for (int i = 0; i < 12000; ++i) {
                               const double died = 1.2 * i / 12000;
                               h.block(i / 12000.0, died > 1 ? kForever : died);
                             }
                           }};
  Score score;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) ask(queue, 80, seed, score);
  EXPECT_GE(score.right, 15) << score.wrong;  // the error is half of the rise
}

std::vector<Profile> mixed() {
  std::vector<Block> blocks{{.stack = "main;table@app.cpp:7", .born_seconds = 0.1, .bytes = 4096}};
  for (int i = 0; i < 600; ++i)
    blocks.push_back({.stack = "main;remember@a.cpp:4", .born_seconds = i / 10.0});
  for (int i = 0; i < 60; ++i)
    blocks.push_back({.stack = "main;pool@b.cpp:9", .born_seconds = i / 10.0, .thread = i % 3u});
  for (int i = 0; i < 3; ++i)
    blocks.push_back({.stack = "main;forget", .born_seconds = 20.0 + i, .bytes = 50, .is_lost = true});
  return {profile_of(blocks)};
}

TEST(Verdicts, GrowingComesBeforeLostAndKeptAndSettledStandsApart) {
  const Verdicts verdicts = judge(mixed());
  ASSERT_EQ(verdicts.leaks.size(), 3);
  EXPECT_EQ(verdicts.leaks[0].kind, VerdictKind::growing);
  EXPECT_EQ(verdicts.leaks[0].stack[0].function, "remember");
  EXPECT_NEAR(verdicts.leaks[0].rate_bytes_per_second, 1000, 20);
  EXPECT_GT(verdicts.leaks[0].confidence, 0.9);
  EXPECT_EQ(verdicts.leaks[1].kind, VerdictKind::lost);
  EXPECT_EQ(verdicts.leaks[1].amount.bytes, 150);
  EXPECT_EQ(verdicts.leaks[2].kind, VerdictKind::kept);
  ASSERT_EQ(verdicts.settled.size(), 1);  // its threads are joined
  EXPECT_EQ(verdicts.settled[0].amount.count, 60);
}

// An interpreter gives its arenas back one by one as it ends, and allocated one a second before.
TEST(Verdicts, ATeardownMayHaveMostOfTheSlotsThatThereAre) {
  std::vector<Block> blocks;
  for (int i = 0; i < 40; ++i)
    blocks.push_back(
        {.stack = "main;arena", .born_seconds = i + 0.5, .died_seconds = 40.5 + i / 2.0, .bytes = 1 << 20});
  Profile profile = profile_of(blocks, {.slots = 60});
  for (std::size_t slot = 0; slot < profile.slot_ends_ms.size(); ++slot) {
    const auto number = static_cast<std::int64_t>(slot);
    profile.slot_ends_ms[slot] =
        profile.started_ms + (slot < 40 ? 1450 * (number + 1) : 58'000 + 100 * (number - 39));
  }
  profile.has_ended_by_exit = true;
  const std::vector<Verdict> leaks = judge(std::vector<Profile>{profile}).leaks;
  ASSERT_EQ(leaks.size(), 1);
  EXPECT_EQ(leaks[0].kind, VerdictKind::growing);
  EXPECT_TRUE(leaks[0].is_freed_at_exit);
}

TEST(Verdicts, TheLimitIsReachedByAllThatGrowsTogether) {
  std::vector<Block> blocks;
  for (int i = 0; i < 600; ++i) {
    blocks.push_back({.stack = "main;remember", .born_seconds = i / 10.0});
    blocks.push_back({.stack = "main;collect", .born_seconds = i / 10.0, .bytes = 200});
  }
  const std::vector<Verdict> leaks = judge(std::vector<Profile>{profile_of(blocks)}, 30'000).leaks;
  ASSERT_EQ(leaks.size(), 2);
  for (const Verdict& leak : leaks) {
    EXPECT_NEAR(leak.seconds_to_limit.value_or(0), 10, 0.5);
    EXPECT_NE(leak.advice.find("With all that grows the limit is reached in"), std::string::npos)
        << leak.advice;
  }
}

TEST(Verdicts, TheRateOfWhatBeginsLateIsItsRateSinceThen) {
  std::vector<Block> blocks{{.stack = "main;start", .bytes = 10}};
  for (int i = 0; i < 300; ++i) blocks.push_back({.stack = "main;remember", .born_seconds = 30 + i / 10.0});
  const std::vector<Verdict> leaks = judge(std::vector<Profile>{profile_of(blocks)}).leaks;
  ASSERT_FALSE(leaks.empty());
  EXPECT_EQ(leaks[0].kind, VerdictKind::growing);
  EXPECT_NEAR(leaks[0].rate_bytes_per_second, 1000, 20);
}

TEST(Verdicts, EvidenceIsWhenTheLivingWereBornAndHowManyOfTheBornLive) {
  const Verdicts verdicts = judge(mixed());
  const std::vector<double>& births = verdicts.leaks[0].births;
  for (const double count : births) EXPECT_NEAR(count, 25, 1);
  EXPECT_EQ(verdicts.leaks[0].alive_ratios, (std::vector<double>{1, 1, 1, 1}));
  EXPECT_EQ(verdicts.leaks[1].births[8], 2);
  EXPECT_NEAR(verdicts.leaks[1].first_seen_seconds, 20, 0.3);
}

TEST(Verdicts, AGrowingSiteSaysWhenTheLimitIsReached) {
  const Verdicts verdicts = judge(mixed(), 60'000);
  EXPECT_NEAR(verdicts.leaks[0].seconds_to_limit.value_or(0), 60, 2);
  EXPECT_NE(verdicts.leaks[0].advice.find("the limit is reached in"), std::string::npos);
  EXPECT_FALSE(judge(mixed()).leaks[0].seconds_to_limit);
}

TEST(Verdicts, WhatIsLostAgainAndAgainIsLostWithItsRate) {
  std::vector<Block> blocks;
  for (int i = 0; i < 600; ++i)
    blocks.push_back({.stack = "main;forget", .born_seconds = i / 10.0, .bytes = 100, .is_lost = i < 590});
  const std::vector<Verdict> leaks = judge(std::vector<Profile>{profile_of(blocks)}, 10'000).leaks;
  ASSERT_EQ(leaks.size(), 1);
  EXPECT_EQ(leaks[0].kind, VerdictKind::lost);
  EXPECT_EQ(leaks[0].amount.count, 590);
  EXPECT_NEAR(leaks[0].rate_bytes_per_second, 1000, 20);
  EXPECT_NEAR(leaks[0].seconds_to_limit.value_or(0), 10, 1);
}

TEST(Verdicts, OfAGrowingSiteThatIsMostlyReachableTheLostPartIsSaid) {
  std::vector<Block> blocks;
  for (int i = 0; i < 600; ++i)
    blocks.push_back({.born_seconds = i / 10.0, .bytes = 100, .is_lost = i % 4 == 0});
  const std::vector<Verdict> leaks = judge(std::vector<Profile>{profile_of(blocks)}).leaks;
  ASSERT_EQ(leaks.size(), 1);
  EXPECT_EQ(leaks[0].kind, VerdictKind::growing);
  EXPECT_EQ(leaks[0].lost_bytes, 15'000);
}

TEST(Verdicts, AContainersTableIsSettledBesideWhatItHolds) {
  std::vector<Block> blocks;
  for (int i = 0; i < 600; ++i)
    blocks.push_back({.stack = "main;fill", .born_seconds = i / 10.0, .bytes = 1000});
  double bytes = 250;
  for (const double at : {1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) {
    blocks.push_back({.stack = "main;table",
                      .born_seconds = at,
                      .died_seconds = at < 32 ? 2 * at : kForever,
                      .bytes = bytes});
    bytes *= 2;
  }
  const Verdicts verdicts = judge(std::vector<Profile>{profile_of(blocks)});
  ASSERT_EQ(verdicts.leaks.size(), 1);
  EXPECT_EQ(verdicts.leaks[0].stack[0].function, "fill");
  ASSERT_EQ(verdicts.settled.size(), 1);
  EXPECT_EQ(verdicts.settled[0].stack[0].function, "table");
}

// The old block is freed in the last moment of a slot, the new one allocated in the first of the next.
TEST(Verdicts, ABlockThatGrowsIsSeenThoughSlotsEndWithinItsReallocs) {
  std::vector<Block> blocks;
  for (int i = 0; i < 300; ++i)
    blocks.push_back({.born_seconds = 0.2 * i + 0.001,
                      .died_seconds = i == 299 ? kForever : 0.2 * (i + 1) - 1e-9,
                      .bytes = 5000.0 * (i + 1)});
  const Verdicts verdicts = judge(std::vector<Profile>{profile_of(blocks)});
  ASSERT_EQ(verdicts.leaks.size(), 1);
  EXPECT_EQ(verdicts.leaks[0].kind, VerdictKind::growing);
  EXPECT_TRUE(verdicts.leaks[0].is_one_block);
}

TEST(Verdicts, NothingIsLostWhereNobodyLooked) {
  const std::vector<Profile> profiles{profile_of({{.is_lost = true}}, {.knows_reach = false})};
  for (const Verdict& verdict : judge(profiles).leaks) EXPECT_NE(verdict.kind, VerdictKind::lost);
}

TEST(Verdicts, TheSameStackInSeveralProcessesIsOneFinding) {
  std::vector<Profile> profiles;
  for (std::uint32_t pid = 1; pid <= 3; ++pid) {
    profiles.push_back(mixed().front());
    profiles.back().pid = pid;
  }
  const Verdicts verdicts = judge(profiles);
  ASSERT_EQ(verdicts.leaks.size(), 3);
  EXPECT_EQ(verdicts.leaks[0].processes, 3);
  EXPECT_NEAR(verdicts.leaks[0].rate_bytes_per_second, 3000, 60);
}

TEST(Verdicts, AProcessTooShortToShowATrendIsNotAccused) {
  std::vector<Block> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back({.born_seconds = 0.2 * i, .bytes = 10'000});
  EXPECT_FALSE(is_accused(judge(std::vector<Profile>{profile_of(blocks, {.seconds = 1, .slots = 4})})));
}

TEST(Verdicts, TheJsonHasTheseKeysAndNoOthers) {
  const nlohmann::json json = leaks_json(judge(mixed()), "20261126-1");
  EXPECT_EQ(json["version"], 1);
  EXPECT_EQ(json["run"], "20261126-1");
  const nlohmann::json& leak = json["leaks"][0];
  EXPECT_EQ(leak["kind"], "growing");
  EXPECT_EQ(leak["bytes"], 60'000);
  EXPECT_EQ(leak["interval"], (nlohmann::json{60'000, 60'000}));
  EXPECT_EQ(
      leak["stack"][0],
      (nlohmann::json{{"function", "remember"}, {"file", "a.cpp"}, {"line", 4}, {"module", "example"}}));
  std::vector<std::string> keys;
  for (const auto& [key, value] : leak.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"advice", "births", "bytes", "confidence", "first_seen",
                                            "interval", "kind", "rate_bytes_per_second", "stack"}));
  EXPECT_EQ(json["settled"][0]["kind"], "settled");
}

}  // namespace
}  // namespace ullage::heap
