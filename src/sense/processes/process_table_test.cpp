// SPDX-License-Identifier: Apache-2.0
// The whole-machine table over fixtures: who is in it, where each belongs, what is counted once.
#include "sense/processes/process_table.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sense/fixture.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/process_tree.h"
#include "sense/processes/process_fixture.h"
#include "sense/processes/process_row.h"

namespace ullage::sense {
namespace {

using std::chrono::seconds;

// Descriptors are not kept, so that a file of a fixture that was removed reads as gone: /proc does that for
// open ones too.
constexpr TableOptions kOptions = {.open_file_limit = 0};
constexpr TableOptions kWithRecords = {.open_file_limit = 0, .has_exit_records = true};

ExitRecord record(std::int64_t pid, std::int64_t parent, double user_seconds) {
  return {.pid = pid,
          .parent_pid = parent,
          .user_id = 1000,
          .name = "work",
          .user_seconds = user_seconds,
          .resident_peak_bytes = 9 << 20};
}

TEST(ProcessTable, HasEveryProcessWithWhatItTells) {
  FixtureMachine machine;
  machine.process({.pid = 1, .parent = 0, .name = "init", .user_id = 0});
  machine.process({.pid = 42,
                   .user_ticks = 300,
                   .system_ticks = 50,
                   .cgroup = "/system.slice/web.service",
                   .read_bytes = 7});
  const ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  const auto rows = table.read();
  ASSERT_EQ(pids(rows), (Pids{1, 42}));
  const ProcessRow& row = rows[1];
  EXPECT_EQ(row.sample.name, "work");
  EXPECT_EQ(row.sample.user_seconds, 3.0);
  EXPECT_EQ(row.sample.anonymous_bytes, 3000u << 10);
  EXPECT_EQ(row.sample.read_bytes, 7u);
  EXPECT_EQ(row.command_line, std::string("work\0--token=secret", 19));
  EXPECT_EQ(*row.group, (ProcessGroup{.name = "web", .user = "anna", .unit = "web.service"}));
  EXPECT_EQ(row.used.user_seconds, 3.0);
  EXPECT_FALSE(row.was_born);
  EXPECT_EQ(*rows[0].group, (ProcessGroup{.name = "init", .user = "root", .unit = ""}));
}

TEST(ProcessTable, TellsWhatWasUsedSinceTheReadingBefore) {
  FixtureMachine machine;
  machine.process({.pid = 42, .user_ticks = 300, .written_bytes = 100});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  table.read();
  clock.advance(seconds(2));
  machine.process({.pid = 42, .user_ticks = 350, .written_bytes = 160});
  const ProcessRow& row = table.read()[0];
  EXPECT_DOUBLE_EQ(row.used.user_seconds, 0.5);
  EXPECT_EQ(row.used.written_bytes, 60u);
  EXPECT_DOUBLE_EQ(row.cpu_cores, 0.25);
}

TEST(ProcessTable, TellsBirthsAndDeaths) {
  FixtureMachine machine;
  machine.process({.pid = 10});
  machine.process({.pid = 30});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  table.read();
  EXPECT_TRUE(table.ended().empty());
  machine.process({.pid = 20, .user_ticks = 10});
  machine.end(30);
  clock.advance(seconds(1));
  const auto rows = table.read();
  EXPECT_EQ(pids(rows), (Pids{10, 20}));
  EXPECT_TRUE(rows[1].was_born);
  EXPECT_DOUBLE_EQ(rows[1].cpu_cores, 0.1);
  ASSERT_EQ(table.ended().size(), 1u);
  EXPECT_EQ(table.ended()[0].group->name, "work");
  EXPECT_EQ(table.ended()[0].resident_peak_bytes, 4100u << 10);
  clock.advance(seconds(1));
  EXPECT_FALSE(table.read()[1].was_born);
  EXPECT_TRUE(table.ended().empty());
}

TEST(ProcessTable, ANumberThatBelongsToAnotherNowIsADeathAndABirth) {
  FixtureMachine machine;
  machine.process({.pid = 10, .name = "old"});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  table.read();
  machine.process({.pid = 10, .name = "young", .start = 900});
  for (int i = 0; i < 3 && table.ended().empty(); ++i) {
    clock.advance(seconds(1));
    table.read();
  }
  ASSERT_EQ(table.ended().size(), 1u);
  EXPECT_EQ(table.ended()[0].group->name, "old");
  clock.advance(seconds(1));
  const auto rows = table.read();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].sample.name, "young");
  EXPECT_TRUE(rows[0].was_born);
}

TEST(ProcessTable, WhatSleepsIsReadAgainWithinSecondsOnly) {
  FixtureMachine machine;
  machine.process({.pid = 10});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  for (int second = 0; second < 30; ++second, clock.advance(seconds(1))) table.read();
  machine.process({.pid = 10, .user_ticks = 200});
  int waited = 0;
  while (table.read()[0].sample.user_seconds < 2 && waited < 20) {
    ++waited;
    clock.advance(seconds(1));
  }
  EXPECT_GE(waited, 1);
  EXPECT_LE(waited, 4);
  EXPECT_EQ(table.read({}, Freshness::all)[0].sample.user_seconds, 2.0);
}

// It is dear to read, and of one whose memory is as it was only others can have changed it.
TEST(ProcessTable, ProportionalMemoryIsReadAgainWhenMemoryMovedOrAfterMinutes) {
  FixtureMachine machine;
  machine.process({.pid = 10, .pages = 2000});
  const auto set_proportional = [&](int kib) {
    machine.write("/proc/10/smaps_rollup",
                  "00400000-7ffff000 ---p 00000000 00:00 0 [rollup]\nPss: " + std::to_string(kib) + " kB\n");
  };
  set_proportional(5000);
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  const auto kib_after = [&](int seconds_to_wait) {
    for (int second = 0; second < seconds_to_wait; ++second, clock.advance(seconds(1))) table.read();
    return table.rows()[0].sample.proportional_bytes.value_or(0) / 1024;
  };
  EXPECT_EQ(kib_after(10), 5000u);
  set_proportional(4000);
  EXPECT_EQ(kib_after(60), 5000u);
  machine.process({.pid = 10, .pages = 2200});
  EXPECT_EQ(kib_after(60), 5000u) << "less than a mebibyte";
  machine.process({.pid = 10, .pages = 2300});
  EXPECT_EQ(kib_after(10), 4000u);
  set_proportional(3000);
  EXPECT_EQ(kib_after(60), 4000u);
  EXPECT_EQ(kib_after(600), 3000u);
}

TEST(ProcessTable, OneWhoseProportionalMemoryIsTooDearKeepsNoOtherFromItsTurn) {
  FixtureMachine machine;
  machine.process({.pid = 10, .pages = 16 << 18});  // 16 GiB: expected to take longer than is ever saved
  machine.process({.pid = 20, .pages = 1000});
  for (const char* pid : {"10", "20"})
    machine.write(std::string("/proc/") + pid + "/smaps_rollup",
                  "00400000-7ffff000 ---p 00000000 00:00 0 [rollup]\nPss: 5000 kB\n");
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  for (int second = 0; second < 15; ++second, clock.advance(seconds(1))) table.read();
  EXPECT_TRUE(table.rows()[0].sample.proportional_bytes);
  EXPECT_TRUE(table.rows()[1].sample.proportional_bytes);
}

TEST(ProcessTable, EverythingIsReadWhenAskedFor) {
  FixtureMachine machine;
  machine.process({.pid = 10});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  for (int second = 0; second < 30; ++second, clock.advance(seconds(1))) table.read();
  machine.process({.pid = 10, .user_ticks = 200});
  EXPECT_EQ(table.read({}, Freshness::all)[0].sample.user_seconds, 2.0);
}

// Its last figures are those of its record, beyond what readings have told; it is told once.
TEST(ProcessTable, AnExitRecordCompletesWhatWasSeen) {
  FixtureMachine machine;
  machine.process({.pid = 10, .user_ticks = 100});
  ManualClock clock;
  ProcessTable table(machine.root(), kWithRecords, clock);
  table.read();
  machine.end(10);
  clock.advance(seconds(1));
  const std::vector<ExitRecord> exits = {record(10, 1, 1.7)};
  table.read({.exits = exits});
  ASSERT_EQ(table.ended().size(), 1u);
  EXPECT_NEAR(table.ended()[0].used.user_seconds, 0.7, 1e-9);
  EXPECT_EQ(table.ended()[0].resident_peak_bytes, 9u << 20);
  EXPECT_EQ(table.ended()[0].ending, Ending::seen);
}

TEST(ProcessTable, ARecordThatComesAfterItsProcessWentIsNotAnotherProcess) {
  FixtureMachine machine;
  machine.process({.pid = 10, .user_ticks = 100});
  ManualClock clock;
  ProcessTable table(machine.root(), kWithRecords, clock);
  table.read();
  machine.end(10);
  clock.advance(seconds(1));
  table.read();
  EXPECT_TRUE(table.ended().empty());
  clock.advance(seconds(1));
  const std::vector<ExitRecord> exits = {record(10, 1, 1.7)};
  table.read({.exits = exits});
  ASSERT_EQ(table.ended().size(), 1u);
  EXPECT_NEAR(table.ended()[0].used.user_seconds, 0.7, 1e-9);
}

TEST(ProcessTable, ADeathWhoseRecordWasLostIsToldAllTheSame) {
  FixtureMachine machine;
  machine.process({.pid = 10});
  ManualClock clock;
  ProcessTable table(machine.root(), kWithRecords, clock);
  table.read();
  machine.end(10);
  std::size_t told = 0;
  for (int i = 0; i < 5; ++i) {
    clock.advance(seconds(1));
    table.read();
    told += table.ended().size();
  }
  EXPECT_EQ(told, 1u);
}

// Linux before 5.19 does not say which process a thread was of.
TEST(ProcessTable, RecordsOfThreadsAreNotTakenForProcesses) {
  FixtureMachine machine;
  machine.process({.pid = 10, .user_ticks = 100});
  machine.process({.pid = 11});
  ManualClock clock;
  ProcessTable table(machine.root(), kWithRecords, clock);
  table.read();
  machine.end(11);
  clock.advance(seconds(1));
  std::vector<ExitRecord> exits = {record(12, 10, 1)};
  exits[0].is_whole_process = false;
  table.read({.exits = exits});
  ASSERT_EQ(table.ended().size(), 1u);
  EXPECT_EQ(table.ended()[0].ending, Ending::seen);
}

// A shell that nobody saw started two programs that nobody saw.
TEST(ProcessTable, WhatLivedBetweenTwoReadingsBelongsWhereItsAncestorDoes) {
  FixtureMachine machine;
  machine.process({.pid = 10, .name = "cron", .user_id = 0, .cgroup = "/system.slice/cron.service"});
  ManualClock clock;
  ProcessTable table(machine.root(), kWithRecords, clock);
  table.read();
  clock.advance(seconds(1));
  const std::vector<ExitRecord> exits = {record(22, 20, 0.5), record(21, 20, 0.25), record(20, 10, 0.1)};
  table.read({.exits = exits});
  ASSERT_EQ(table.ended().size(), 3u);
  double used = 0;
  for (const EndedProcess& ended : table.ended()) {
    EXPECT_EQ(ended.ending, Ending::unseen);
    EXPECT_EQ(*ended.group, (ProcessGroup{.name = "cron", .user = "anna", .unit = "cron.service"}));
    used += ended.used.user_seconds;
  }
  EXPECT_NEAR(used, 0.85, 1e-9);
}

TEST(ProcessTable, ThreadsOfTheKernelAreOneGroup) {
  FixtureMachine machine;
  machine.process({.pid = 2, .parent = 0, .name = "kthreadd", .pages = 0, .user_id = 0});
  machine.process({.pid = 9, .parent = 2, .name = "kworker/0:1", .pages = 0, .user_id = 0});
  // Of a container whose second process started another: no thread of the kernel.
  machine.process({.pid = 30, .parent = 2, .name = "sh", .user_id = 0});
  for (const int pid : {2, 9})
    machine.write("/proc/" + std::to_string(pid) + "/status", "Uid:\t0\t0\t0\t0\n");
  const ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  const auto rows = table.read();
  EXPECT_EQ(rows[0].group->name, "kernel");
  EXPECT_EQ(rows[1].group, rows[0].group);
  EXPECT_EQ(rows[2].group->name, "sh");
}

TEST(ProcessTable, AProcessThatMovesOrExecutesIsInAnotherGroupFromThenOn) {
  FixtureMachine machine;
  machine.process({.pid = 10, .name = "sh"});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  EXPECT_EQ(table.read()[0].group->name, "sh");
  machine.process({.pid = 10, .name = "nginx", .user_ticks = 1, .cgroup = "/system.slice/nginx.service"});
  clock.advance(seconds(1));
  EXPECT_EQ(table.read()[0].group->unit, "nginx.service");
  machine.process({.pid = 10,
                   .name = "nginx",
                   .user_ticks = 1,
                   .user_id = 1001,
                   .cgroup = "/user.slice/session-2.scope"});
  for (int second = 0; second < 125; ++second, clock.advance(seconds(1))) table.read();
  EXPECT_EQ(table.rows()[0].group->unit, "");
}

TEST(ProcessTable, WhatMayNotBeReadIsAbsentAndCounted) {
  FixtureMachine machine;
  machine.process({.pid = 10});
  machine.process({.pid = 11});
  machine.write("/proc/12/stat", "12 (cut");
  machine.write("/proc/self/mountinfo", "24 1 0:22 / /proc rw - proc proc rw,hidepid=invisible\n");
  machine.write("/proc/loadavg", "0 0 0 1/20 99\n");
  const ManualClock clock;
  if (::geteuid() == 0) {
    // Root may read everything of a fixture; that files are refused is told by the live test.
    ProcessTable table(machine.root(), kOptions, clock);
    EXPECT_EQ(pids(table.read()), (Pids{10, 11}));
    EXPECT_EQ(table.hidden().threads, 18u);
    return;
  }
  ::chmod((machine.folder() + "/proc/10/io").c_str(), 0);
  ::chmod((machine.folder() + "/proc/11/stat").c_str(), 0);
  ProcessTable table(machine.root(), kOptions, clock);
  const auto rows = table.read();
  EXPECT_EQ(pids(rows), (Pids{10}));
  EXPECT_FALSE(rows[0].sample.read_bytes);
  EXPECT_EQ(table.hidden().whole, 1u);
  EXPECT_EQ(table.hidden().in_part, 1u);
}

TEST(ProcessTable, IsEmptyWithoutProc) {
  const Fixture machine;
  const ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  EXPECT_TRUE(table.read().empty());
}

}  // namespace
}  // namespace ullage::sense
