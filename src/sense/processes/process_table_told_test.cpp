// SPDX-License-Identifier: Apache-2.0
// The whole-machine table where the kernel tells who has moved: only those are read, nothing is missed, and
// of those that are not looked at what is shown stays right.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/clock.h"
#include "sense/bpf/task_iterator.h"
#include "sense/processes/process_fixture.h"
#include "sense/processes/process_row.h"
#include "sense/processes/process_table.h"

namespace ullage::sense {
namespace {

using std::chrono::seconds;

constexpr TableOptions kOptions = {.open_file_limit = 0};

// The kernel's pass over all tasks says who is worth a look.
TEST(ToldProcessTable, WhatHasMovedIsReadAtOnceWhereTheKernelTells) {
  FixtureMachine machine;
  machine.process({.pid = 10});
  machine.process({.pid = 20});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  std::vector<TaskNews> tasks = {{.pid = 10}, {.pid = 20}};
  for (int second = 0; second < 5; ++second, clock.advance(seconds(1))) table.read({.tasks = tasks});
  machine.process({.pid = 10, .user_ticks = 200, .written_bytes = 4096});
  machine.process({.pid = 20, .user_ticks = 200, .written_bytes = 4096});
  tasks[1] = {.pid = 20, .has_moved = true, .has_io = true};
  const auto rows = table.read({.tasks = tasks});
  EXPECT_EQ(rows[0].sample.user_seconds, 0);
  EXPECT_EQ(rows[1].sample.user_seconds, 2);
  EXPECT_EQ(rows[0].used.written_bytes, 0u);
  EXPECT_EQ(rows[1].used.written_bytes, 4096u);
}

// A little at a time comes to what shows in the times of /proc; less than that shows after seconds.
TEST(ToldProcessTable, WhatHasRunALittleIsReadWhenThatAddsUp) {
  FixtureMachine machine;
  machine.process({.pid = 10});
  machine.process({.pid = 20});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  std::vector<TaskNews> tasks = {{.pid = 10}, {.pid = 20}};
  table.read({.tasks = tasks});
  machine.process({.pid = 10, .user_ticks = 1});
  machine.process({.pid = 20, .user_ticks = 1});
  tasks[0].ran = std::chrono::microseconds(4000);
  tasks[1].ran = std::chrono::microseconds(1);
  std::vector<int> seen_at = {0, 0};
  for (int second = 1; second < 10; ++second) {
    clock.advance(seconds(1));
    const auto rows = table.read({.tasks = tasks});
    for (std::size_t i = 0; i < 2; ++i)
      if (seen_at[i] == 0 && rows[i].sample.user_seconds > 0) seen_at[i] = second;
  }
  EXPECT_EQ(seen_at, (std::vector<int>{3, 6}));
}

TEST(ToldProcessTable, MemoryIsWhatTheKernelTellsUntilStatIsRead) {
  FixtureMachine machine;
  machine.process({.pid = 10, .pages = 1000});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  std::vector<TaskNews> tasks = {{.pid = 10}};
  table.read({.tasks = tasks});
  const std::uint64_t faults = table.rows()[0].sample.minor_faults;
  machine.process({.pid = 10, .user_ticks = 1, .pages = 1010});
  tasks[0] = {.pid = 10, .memory_has_moved = true, .resident_pages = 1009, .minor_faults = 9};
  clock.advance(seconds(1));
  const ProcessSample& sample = table.read({.tasks = tasks})[0].sample;
  EXPECT_EQ(sample.resident_bytes, 1009u * 4096);
  EXPECT_EQ(sample.minor_faults, faults + 9);
  EXPECT_EQ(sample.user_seconds, 0);
  tasks[0] = {.pid = 10, .has_moved = true};
  clock.advance(seconds(1));
  table.read({.tasks = tasks});
  EXPECT_EQ(sample.resident_bytes, 1010u * 4096);
  EXPECT_EQ(sample.minor_faults, faults);
}

// Its rate is not that of its last reading for ever, nor is it thinned by the time that it slept before.
TEST(ToldProcessTable, TheRateOfOneThatSleptIsOfTheTimeInWhichItRan) {
  FixtureMachine machine;
  machine.process({.pid = 10});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  const std::vector<TaskNews> asleep = {{.pid = 10}};
  const std::vector<TaskNews> awake = {{.pid = 10, .ran = std::chrono::milliseconds(500)}};
  for (int second = 0; second < 50; ++second, clock.advance(seconds(1))) table.read({.tasks = asleep});
  machine.process({.pid = 10, .user_ticks = 50});
  const ProcessRow& row = table.read({.tasks = awake})[0];
  EXPECT_DOUBLE_EQ(row.cpu_cores, 0.5);
  EXPECT_NEAR(row.usual_cpu_cores, 0.5 * (1 - std::exp(-1.0 / 30)), 1e-9);
  clock.advance(seconds(1));
  table.read({.tasks = asleep});
  EXPECT_EQ(row.cpu_cores, 0);
}

TEST(ToldProcessTable, TheUsualRateOfOneThatSleepsFallsToNothing) {
  FixtureMachine machine;
  machine.process({.pid = 10});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  table.read({.tasks = std::vector<TaskNews>{{.pid = 10}}});
  clock.advance(seconds(1));
  machine.process({.pid = 10, .user_ticks = 100});
  const ProcessRow& row =
      table.read({.tasks = std::vector<TaskNews>{{.pid = 10, .ran = std::chrono::seconds(1)}}})[0];
  const double usual = row.usual_cpu_cores;
  EXPECT_GT(usual, 0.03);
  for (int second = 1; second <= 600; ++second) {
    clock.advance(seconds(1));
    table.read({.tasks = std::vector<TaskNews>{{.pid = 10}}});
    ASSERT_NEAR(row.usual_cpu_cores, usual * std::exp(-second / 30.0), 1.1e-4) << second;
  }
}

// Whom the kernel still tells of, though it is gone from /proc; others stand behind it.
TEST(ToldProcessTable, WhoStandsBehindOneThatIsGoneIsLookedAtAllTheSame) {
  FixtureMachine machine;
  for (int pid = 10; pid < 20; ++pid) machine.process({.pid = pid});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  std::vector<TaskNews> tasks;
  for (int pid = 10; pid < 20; ++pid) tasks.push_back({.pid = pid});
  for (int second = 0; second < 5; ++second, clock.advance(seconds(1))) table.read({.tasks = tasks});
  machine.end(12);
  machine.end(15);
  for (const int pid : {11, 14, 18})
    machine.process({.pid = pid, .name = "other", .user_ticks = 100, .written_bytes = 4096});
  for (const std::size_t i : {1, 2, 4, 5, 8})
    tasks[i] = {.pid = tasks[i].pid, .ran = seconds(1), .has_moved = true, .has_io = true};
  const auto rows = table.read({.tasks = tasks});
  EXPECT_EQ(pids(rows), (Pids{10, 11, 13, 14, 16, 17, 18, 19}));
  EXPECT_EQ(table.ended().size(), 2u);
  for (const ProcessRow& row : rows) {
    const bool has_moved = row.sample.pid == 11 || row.sample.pid == 14 || row.sample.pid == 18;
    EXPECT_EQ(row.group->name, has_moved ? "other" : "work") << row.sample.pid;
    EXPECT_EQ(row.used.user_seconds, has_moved ? 1 : 0);
    EXPECT_EQ(row.used.written_bytes, has_moved ? 4096u : 0u);
  }
  EXPECT_EQ(table.looked_at().size(), 3u);
}

// As if they had been looked at all the time.
TEST(ToldProcessTable, TheGrowthOfOneThatIsSeldomLookedAtIsThatOfItsMemory) {
  FixtureMachine machine;
  machine.process({.pid = 10, .anonymous_kib = 3000});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  std::vector<TaskNews> tasks = {{.pid = 10}};
  for (int second = 0; second < 600; ++second, clock.advance(seconds(1))) {
    tasks[0].has_moved = second % 40 == 0;
    if (tasks[0].has_moved)
      machine.process({.pid = 10, .pages = 1000 + 128 * second, .anonymous_kib = 3000 + 512 * second});
    table.read({.tasks = tasks});
  }
  EXPECT_NEAR(table.rows()[0].growth_bytes_per_minute.value_or(0), 60.0 * 512 * 1024, 6.0 * 512 * 1024);
}

// /proc is listed now and then only. Whom the kernel keeps to itself (1 here) stays.
TEST(ToldProcessTable, TheTasksThatTheKernelTellsOfAreBornAndDie) {
  FixtureMachine machine;
  machine.process({.pid = 1, .parent = 0});
  machine.process({.pid = 10});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  const auto pids_where_are_told = [&](std::vector<TaskNews> tasks) {
    std::vector<std::int64_t> pids;
    for (const ProcessRow& row : table.read({.tasks = tasks})) pids.push_back(row.sample.pid);
    clock.advance(seconds(1));
    return pids;
  };
  EXPECT_EQ(pids_where_are_told({{.pid = 10}}), (Pids{1, 10}));
  machine.process({.pid = 20});
  EXPECT_EQ(pids_where_are_told({{.pid = 10}}), (Pids{1, 10}));
  EXPECT_EQ(pids_where_are_told({{.pid = 10}, {.pid = 20}}), (Pids{1, 10, 20}));
  EXPECT_TRUE(table.rows()[2].was_born);
  EXPECT_EQ(pids_where_are_told({{.pid = 20}}), (Pids{1, 20}));
  EXPECT_EQ(table.ended().size(), 1u);
}

TEST(ToldProcessTable, AMoveToAnotherCgroupIsSeenAtOnceWhereTheKernelTells) {
  FixtureMachine machine;
  machine.process({.pid = 10});
  ManualClock clock;
  ProcessTable table(machine.root(), kOptions, clock);
  std::vector<TaskNews> tasks = {{.pid = 10}};
  for (int second = 0; second < 100; ++second, clock.advance(seconds(1))) table.read({.tasks = tasks});
  machine.process({.pid = 10, .cgroup = "/system.slice/web.service"});
  tasks[0].is_elsewhere = true;
  EXPECT_EQ(table.read({.tasks = tasks})[0].group->unit, "web.service");
}

}  // namespace
}  // namespace ullage::sense
