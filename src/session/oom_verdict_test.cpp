// SPDX-License-Identifier: Apache-2.0
#include "session/oom_verdict.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <csignal>
#include <string>

namespace ullage::session {
namespace {

std::string killer(const OomEvidence& evidence) {
  const auto oom = judge_oom(evidence);
  return oom ? oom->killer : "nobody";
}

TEST(OomVerdict, AKillInTheRunsOwnCgroupIsTheKernels) {
  EXPECT_EQ(killer({.signal = SIGKILL, .cage_kills = 1}), "kernel");
  EXPECT_EQ(killer({.exit_code = 137, .cage_kills = 1}), "kernel");  // a shell's child
  EXPECT_EQ(killer({.exit_code = 1, .cage_kills = 1, .a_process_was_killed = true}),
            "kernel");  // make's child
}

TEST(OomVerdict, AKillByHandIsNotAnOom) {
  EXPECT_EQ(killer({.signal = SIGKILL}), "nobody");
  EXPECT_EQ(killer({.exit_code = 137}), "nobody");
}

TEST(OomVerdict, ARunThatEndedWellWasNotEndedByMemory) {
  EXPECT_EQ(killer({.exit_code = 0, .cage_kills = 1, .a_process_was_killed = true}), "nobody");
  EXPECT_EQ(killer({.exit_code = 3, .machine_kills = 5}), "nobody");
}

TEST(OomVerdict, OurOwnLimitIsSaidToBeOurs) {
  EXPECT_EQ(killer({.signal = SIGKILL, .own_limit_acted = true}), "ullage limit");
}

TEST(OomVerdict, AKillInTheRunsOwnCgroupCountsThoughNobodySawWhoDied) {
  EXPECT_EQ(killer({.exit_code = 1, .cage_kills = 1}), "kernel");
}

TEST(OomVerdict, AnOomKillElsewhereIsNotTheRunsWhenWeEndedItOrTheLogKnowsBetter) {
  EXPECT_EQ(killer({.signal = SIGKILL, .machine_kills = 1}), "kernel");
  EXPECT_EQ(killer({.signal = SIGKILL, .we_ended_it = true, .machine_kills = 1}), "nobody");
  EXPECT_EQ(killer({.signal = SIGKILL, .machine_kills = 1, .kernel_log_is_readable = true}), "nobody");
}

TEST(OomVerdict, DaemonsAreKnownByTheirTraces) {
  EXPECT_EQ(killer({.signal = SIGKILL, .daemon = "systemd-oomd"}), "systemd-oomd");
  EXPECT_EQ(killer({.signal = SIGTERM, .daemon = "earlyoom"}), "earlyoom");
  EXPECT_EQ(killer({.exit_code = 2, .daemon = "earlyoom"}), "nobody");
}

TEST(OomVerdict, TheKernelsLogNamesTheVictim) {
  const auto oom = judge_oom({.signal = SIGKILL, .kernel_log_victim = "python3 (12)", .killed = "sh (11)"});
  ASSERT_TRUE(oom);
  EXPECT_EQ(oom->victim, "python3 (12)");
}

}  // namespace
}  // namespace ullage::session
