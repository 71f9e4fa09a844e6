// SPDX-License-Identifier: Apache-2.0
#include "run/words.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "run/example_record.h"
#include "run/record.h"

namespace ullage::run {
namespace {

TEST(Words, Numbers) {
  EXPECT_EQ(format_cores(2), "2");
  EXPECT_EQ(format_cores(1.76), "1.8");
  EXPECT_EQ(format_cores(0.25), "0.25");
  EXPECT_EQ(format_cores(0.001), "0");
  EXPECT_EQ(format_count(1234567), "1,234,567");
  EXPECT_EQ(format_count(-1234), "-1,234");
  EXPECT_EQ(format_count(100), "100");
  EXPECT_EQ(counted(1, "process"), "1 process");
  EXPECT_EQ(counted(3000, "process"), "3,000 processes");
  EXPECT_EQ(counted(2, "run"), "2 runs");
}

TEST(Words, Moments) {
  const std::int64_t now = kExampleStartMs;
  EXPECT_EQ(format_ago(now - 3000, now), "just now");
  EXPECT_EQ(format_ago(now - 61'000, now), "1 minute ago");
  EXPECT_EQ(format_ago(now - 7'300'000, now), "2 hours ago");
  EXPECT_EQ(format_ago(now - 40ll * 86'400'000, now), "2026-10-15");
  EXPECT_EQ(format_ago(now + 3'600'000, now), "2026-11-24");
}

TEST(Words, CommandsAreQuotedForAShell) {
  const std::vector<std::string> words = {"sh", "-c", "echo 'hi there'", "", "a\nb", "größe"};
  EXPECT_EQ(shell_quoted(words), R"(sh -c 'echo '\''hi there'\''' '' $'a\nb' 'größe')");
}

TEST(Words, RepeatHoldsLimitsAndName) {
  Record record = example_record();
  record.limits.push_back(
      {.resource = "cpus", .asked = 1.5, .got = 1.5, .mechanism = "cgroup v2", .problem = ""});
  record.limits.push_back(
      {.resource = "timeout", .asked = 7200, .got = 7200, .mechanism = "supervisor", .problem = ""});
  EXPECT_EQ(repeat_command(record),
            "ullage run --memory 2G --cpus 1.5 --timeout 7200s --name train -- python3 train.py");
}

TEST(Words, NameOfARunWithoutOneIsItsProgram) {
  Record record = example_record();
  record.name.clear();
  record.command = {"/usr/bin/make", "-j"};
  EXPECT_EQ(display_name(record), "make");
}

}  // namespace
}  // namespace ullage::run
