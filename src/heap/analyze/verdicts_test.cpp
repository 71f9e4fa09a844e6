// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/verdicts.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "heap/analyze/histories_fixture.h"
#include "heap/analyze/profile_fixture.h"

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

void ask_all(const std::vector<NamedHistory>& histories, double samples, std::uint64_t seeds, Score& score) {
  for (const NamedHistory& history : histories)
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) ask(history, samples, seed, score);
}

TEST(Verdicts, EachExactHistoryIsJudgedRight) {
  Score score;
  ask_all(growing_histories(), 0, 2, score);
  ask_all(settled_histories(), 0, 2, score);
  EXPECT_EQ(score.right, score.asked) << score.wrong;
}
TEST(Verdicts, TEMPORARYSTUDY) {
  for (const double samples : {10.0, 30.0, 100.0}) {
    Score growing, settled;
    ask_all(growing_histories(), samples, 20, growing);
    ask_all(settled_histories(), samples, 20, settled);
    std::cout << samples << " growing " << growing.right << "/" << growing.asked << growing.wrong << "\n settled "
              << settled.right << "/" << settled.asked << settled.wrong << "\n";
  }
}

}  // namespace
}  // namespace ullage::heap
