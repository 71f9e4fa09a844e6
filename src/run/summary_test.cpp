// SPDX-License-Identifier: Apache-2.0
#include "run/summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "run/example_record.h"
#include "run/record.h"

namespace ullage::run {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Summary, OfAHealthyRunIsFiveLines) {
  EXPECT_EQ(summary_text(example_record(), {}),
            "ullage: train finished in 12.5 s, exit 0\n"
            "  memory  peak 1.20 GiB of 2.00 GiB (60 %), average 700 MiB, page cache 12.0 MiB\n"
            "  cpu     1.8 of 2 cores (90 %), 22.5 s of CPU time, waited 400 ms for a processor\n"
            "  i/o     read 12.0 MiB, wrote 3.00 MiB; stalled on CPU 200 ms\n"
            "  report  ullage show @1 -o report.html\n");
}

TEST(Summary, SaysWhatItDoesNotKnow) {
  Record record;
  record.id = "20261124-064012-k3f9";
  record.command = {"/bin/true"};
  record.state = State::finished;
  record.exit_code = 0;
  record.wall_seconds = 0.003;
  EXPECT_EQ(summary_text(record, {.report_path = "out.html"}),
            "ullage: true finished in 3 ms, exit 0\n"
            "  memory  peak unknown\n"
            "  cpu     unknown\n"
            "  i/o     unknown\n"
            "  report  out.html\n");
}

TEST(Summary, OfAnOutOfMemoryKillSaysWhoHeldWhatAndWhatWouldDo) {
  const std::string text = summary_text(killed_record(), {});
  EXPECT_THAT(text, HasSubstr("train ended after 3m 07s, killed by SIGKILL: out of memory (kernel)"));
  EXPECT_THAT(text,
              HasSubstr("the kernel killed python3 (1234), which held 500 MiB; foreseeable 40.0 s before; "
                        "820 MiB would have been enough"));
}

TEST(Summary, NeverHasMoreThanFiveLines) {
  Record record = killed_record();
  record.processes.left_running = 2;
  record.limits.push_back(
      {.resource = "cpus", .asked = 1.5, .got = {}, .mechanism = "none", .problem = "no cgroup can be made"});
  record.advice = {{.id = "a", .text = "Do this.", .evidence = "1 of 2", .anchor = "#cpu"}, {}};
  EXPECT_LE(std::ranges::count(summary_text(record, {}), '\n'), 5);
  record.oom.reset();
  const std::string text = summary_text(record, {});
  EXPECT_LE(std::ranges::count(text, '\n'), 5);
  EXPECT_THAT(text, HasSubstr("2 descendants left running"));
  EXPECT_THAT(text, HasSubstr("cpus 1.5 is not held, as it could not be set (no cgroup can be made)"));
  EXPECT_THAT(text, HasSubstr("Do this. (1 of 2) +1 more; report: ullage show @1 -o report.html"));
}

TEST(Summary, LimitHeldBySamplesOnlyIsSaid) {
  Record record = example_record();
  record.limits[0].mechanism = "supervisor";
  record.limits[0].problem = "cgroups are read-only";
  EXPECT_THAT(summary_text(record, {}),
              HasSubstr("memory 2.00 GiB is held by Ullage's own samples (cgroups are read-only)"));
}

TEST(Summary, APeakThatIsMostlyDirtyPageCacheSaysSo) {
  Record record = example_record();
  record.memory.peak_without_dirty_bytes = *record.memory.peak_bytes * 95 / 100;
  EXPECT_THAT(summary_text(record, {}), Not(HasSubstr("to be written")));
  record.memory.peak_without_dirty_bytes = 100 * kMiB;
  EXPECT_THAT(summary_text(record, {}),
              HasSubstr("(60 %), 100 MiB but for what waited to be written, average"));
}

TEST(Summary, LimitAboveWhatTheMachineHasIsSaid) {
  Record record = example_record();
  record.limits[0].asked = 1e13;
  record.limits[0].problem = "above what the machine has (23.5 GiB)";
  EXPECT_THAT(summary_text(record, {}),
              HasSubstr("memory 9.09 TiB is of no effect (above what the machine has (23.5 GiB))"));
}

// Of memory and cpus it said that "2 processors" were why.
TEST(Summary, LimitsAboveWhatThereIsShareOneReason) {
  Record record = example_record();
  record.limits = {{.resource = "memory",
                    .asked = 1e13,
                    .got = {},
                    .mechanism = "supervisor",
                    .problem = "above what the machine has (23.5 GiB)"},
                   {.resource = "cpus",
                    .asked = 64,
                    .got = 2,
                    .mechanism = "affinity",
                    .problem = "above what we may use (2 processors)"}};
  EXPECT_THAT(summary_text(record, {}),
              HasSubstr("memory 9.09 TiB, cpus 64 are of no effect (more than there is)"));
}

// It said "could not be set" of what the supervisor holds, and each limit told every cause with its paths.
TEST(Summary, LimitsThatTheKernelDoesNotHoldFitOnALine) {
  const std::string causes =
      "cgroup v2: /sys/fs/cgroup/unified is not ours to write; cgroup v1: /sys/fs/cgroup/memory/a: cannot "
      "make "
      "the cgroup: Read-only file system";
  Record record = example_record();
  record.limits = {
      {.resource = "memory", .asked = 1 << 30, .got = {}, .mechanism = "supervisor", .problem = causes},
      {.resource = "cpus", .asked = 1, .got = 1, .mechanism = "affinity", .problem = causes},
      {.resource = "pids", .asked = 50, .got = {}, .mechanism = "supervisor", .problem = causes},
      {.resource = "timeout", .asked = 60, .got = 60, .mechanism = "supervisor", .problem = {}}};
  EXPECT_THAT(
      summary_text(record, {}),
      HasSubstr("  limits  memory 1.00 GiB, pids 50 are held by Ullage's own samples; cpus 1 is held by "
                "affinity only (cannot make the cgroup: Read-only file system)\n"));
}

TEST(Summary, NoCommandIsOfferedForARunThatWasNotKept) {
  EXPECT_THAT(summary_text(example_record(), {.run_argument = ""}),
              HasSubstr("report  none, as the run could not be kept\n"));
}

TEST(Summary, NamesCannotActOnTheTerminal) {
  Record record = example_record();
  record.name = "a\x1b[31m\nb\xff";
  const std::string text = summary_text(record, {});
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("a\\x1b[31m\\x0ab\xEF\xBF\xBD"));
}

TEST(Summary, ColoursOnlyWhenAsked) {
  EXPECT_THAT(summary_text(example_record(), {.colour = true}), HasSubstr("\x1b[32mexit 0\x1b[0m"));
}

TEST(Verdict, IsOneSentence) {
  EXPECT_EQ(verdict(example_record()),
            "Finished in 12.5 s; peak 1.20 GiB of 2.00 GiB (60 %), 1.8 of 2 cores busy.");
  EXPECT_EQ(verdict(killed_record()),
            "Killed by the kernel for exceeding its memory limit of 512 MiB after 3m 07s; it was foreseeable "
            "40.0 s "
            "before; 820 MiB would have been enough.");
}

TEST(Verdict, TellsEndsApart) {
  Record record = example_record();
  record.exit_code = 3;
  EXPECT_THAT(verdict(record), HasSubstr("Failed with exit code 3 after 12.5 s"));
  record.signal = 11;
  EXPECT_THAT(verdict(record), HasSubstr("Ended by SIGSEGV after 12.5 s"));
  record.timed_out = true;
  EXPECT_THAT(verdict(record), HasSubstr("Stopped by its time limit after 12.5 s"));
  record.state = State::interrupted;
  EXPECT_THAT(verdict(record), HasSubstr("Watched for 12.5 s, then Ullage was gone"));
  record.state = State::running;
  EXPECT_THAT(verdict(record), HasSubstr("Still running after 12.5 s"));
}

}  // namespace
}  // namespace ullage::run
