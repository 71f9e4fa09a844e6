// SPDX-License-Identifier: Apache-2.0
#include "run/limits_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "run/example_record.h"
#include "run/record.h"

namespace ullage::run {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr double kMi = 1024.0 * 1024;

Observation seen(double peak_mebibytes, double wall_seconds = 600, double cores = 1.8) {
  Observation run{example_record(), {}};
  run.figures.wall_seconds = run.record.wall_seconds = wall_seconds;
  run.figures.peak_bytes = peak_mebibytes * kMi;
  run.figures.cores_p95 = cores;
  run.figures.threads_peak = 9;
  return run;
}

TEST(LimitsAdvice, OneRunGetsAWideMargin) {
  const std::vector runs = {seen(800)};
  const auto advice = advise_limits("train", runs);
  ASSERT_TRUE(advice);
  EXPECT_EQ(advice->memory_bytes->value, 1088 * kMi);  // 800 + 30 %, up to a step of 64 MiB
  EXPECT_EQ(advice->memory_bytes->evidence, "peak 800 MiB, and a margin of 30 %");
  EXPECT_EQ(advice->cores->value, 2);
  EXPECT_EQ(advice->seconds->value, 900);
  EXPECT_EQ(advice->tasks->value, 16);
  EXPECT_THAT(advice->cautions, Contains(HasSubstr("rests on one run")));
}

TEST(LimitsAdvice, WaitingForAProcessorIsNeedingOne) {
  std::vector runs = {seen(800, 600, 0.3)};
  runs[0].figures.cores_available = 4;
  runs[0].figures.cpu_seconds = 180;
  runs[0].figures.run_queue_wait_seconds = 400;
  const auto advice = advise_limits("train", runs);
  ASSERT_TRUE(advice);
  EXPECT_EQ(advice->cores->value, 1);
}

TEST(LimitsAdvice, ManyAlikeRunsGetANarrowOne) {
  const std::vector<Observation> runs(16, seen(1000));
  const auto advice = advise_limits("train", runs);
  ASSERT_TRUE(advice);
  EXPECT_DOUBLE_EQ(advice->margin, 0.10);
  EXPECT_EQ(advice->memory_bytes->value, 1152 * kMi);
}

TEST(LimitsAdvice, RunsThatDifferGetMore) {
  const std::vector runs = {seen(500), seen(1000), seen(750), seen(600)};
  const auto advice = advise_limits("train", runs);
  ASSERT_TRUE(advice);
  EXPECT_GT(advice->margin, 0.5);
  EXPECT_THAT(advice->memory_bytes->evidence, HasSubstr("peak 500 MiB to 1000 MiB in 4 runs"));
}

TEST(LimitsAdvice, AFailedRunDoesNotCountBesideGoodOnes) {
  std::vector runs = {seen(800), seen(10, 1)};
  runs[1].record.exit_code = 1;
  const auto advice = advise_limits("train", runs);
  ASSERT_TRUE(advice);
  EXPECT_EQ(advice->runs.size(), 1u);
}

// One run was killed at 30 MiB, and the next did with 106: "30 MiB to 106 MiB, and a margin of 100 %".
TEST(LimitsAdvice, AnOutOfMemoryKillAtLessThanOthersNeededSaysNothing) {
  std::vector runs = {seen(1000), seen(300)};
  runs[1].figures.oom_killed = true;
  const auto advice = advise_limits("train", runs);
  ASSERT_TRUE(advice);
  EXPECT_EQ(advice->memory_bytes->evidence, "peak 1000 MiB, and a margin of 30 %");
}

TEST(LimitsAdvice, AnOutOfMemoryKillRaisesTheNeed) {
  std::vector runs = {seen(512)};
  runs[0].record = killed_record();
  runs[0].figures.oom_killed = true;
  runs[0].figures.enough_bytes = 820 * kMi;
  const auto advice = advise_limits("train", runs);
  ASSERT_TRUE(advice);
  EXPECT_GE(advice->memory_bytes->value, 820 * kMi);
  EXPECT_THAT(advice->cautions, Contains(HasSubstr("its need is estimated")));
}

TEST(LimitsAdvice, OfARunThatWasNotSeenToItsEndThatIsSaid) {
  std::vector runs = {seen(800, 0.1)};
  runs[0].record.state = State::interrupted;
  const auto advice = advise_limits("train", runs);
  ASSERT_TRUE(advice);
  EXPECT_THAT(advice->cautions, Contains(HasSubstr("not seen to its end")));
}

TEST(LimitsAdvice, NothingEndedNothingLearnt) {
  std::vector runs = {seen(800)};
  runs[0].record.state = State::running;
  EXPECT_FALSE(advise_limits("train", runs));
  EXPECT_FALSE(advise_limits("train", {}));
}

TEST(LimitsAdvice, SpeaksOtherToolsWords) {
  const std::vector runs = {seen(800)};
  const auto advice = advise_limits("train", runs);
  ASSERT_TRUE(advice);
  EXPECT_EQ(in_words_of(OtherTool::slurm, *advice),
            "#SBATCH --mem=1088M\n#SBATCH --cpus-per-task=2\n#SBATCH --time=00:15:00\n");
  EXPECT_EQ(in_words_of(OtherTool::docker, *advice),
            "docker run --memory 1088m --memory-swap 1088m --cpus 2 --pids-limit 16 …\n");
  EXPECT_EQ(in_words_of(OtherTool::systemd, *advice),
            "[Service]\nMemoryMax=1088M\nCPUQuota=200%\nTasksMax=16\nRuntimeMaxSec=900\n");
  EXPECT_EQ(in_words_of(OtherTool::kubernetes, *advice),
            "resources:\n  requests:\n    memory: 1088Mi\n    cpu: 2000m\n  limits:\n    memory: 1088Mi\n"
            "# in the Job's spec\nactiveDeadlineSeconds: 900\n");
  EXPECT_EQ(in_words_of(OtherTool::ullage, *advice),
            "ullage run --memory 1088M --cpus 2 --pids 16 --timeout 900s -- …\n");
}

TEST(LimitsAdvice, AMisspeltToolGetsTheNearest) {
  const auto tool = parse_other_tool("kubernets");
  ASSERT_FALSE(tool);
  EXPECT_THAT(tool.error().text(), HasSubstr("did you mean 'kubernetes'?"));
}

}  // namespace
}  // namespace ullage::run
