// SPDX-License-Identifier: Apache-2.0
// The tree over fixtures: membership, faults, bounds.
#include "sense/proc/process_tree.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "metric/series.h"
#include "sense/allocation_count.h"
#include "sense/fixture.h"
#include "sense/series.h"

namespace ullage::sense {
namespace {

std::string stat_of(int pid, int parent, std::string_view name = "work", int start = 500, char state = 'S',
                    int faults = 10, int pages = 1000) {
  return std::to_string(pid) + " (" + std::string(name) + ") " + state + " " + std::to_string(parent) +
         " 1 1 0 -1 0 " + std::to_string(faults) + " 0 0 0 5 6 0 0 20 0 1 0 " + std::to_string(start) +
         " 100000 " + std::to_string(pages) + " 18446744073709551615 1 1 0 0\n";
}

constexpr std::string_view kStatus =
    "VmHWM: 4100 kB\nVmRSS: 4000 kB\nRssAnon: 3000 kB\nRssFile: 600 kB\nRssShmem: 400 kB\nVmSwap: 8 kB\n"
    "voluntary_ctxt_switches: 3\nnonvoluntary_ctxt_switches: 4\n";

class Machine : public Fixture {
 public:
  Machine() { write("/proc/loadavg", "0 0 0 1/1 1\n"); }
  void process(int pid, int parent, std::string_view name = "work", int start = 500) {
    const std::string folder = "/proc/" + std::to_string(pid);
    write(folder + "/stat", stat_of(pid, parent, name, start));
    write(folder + "/status", kStatus);
    write(folder + "/cmdline", "work");
    new_number(pid);
  }
  void new_number(int pid) { write("/proc/loadavg", "0 0 0 1/1 " + std::to_string(pid) + "\n"); }
  void end(int pid) { remove("/proc/" + std::to_string(pid)); }
};

std::vector<std::int64_t> pids(std::span<const TreeProcess> processes) {
  std::vector<std::int64_t> found;
  for (const TreeProcess& process : processes) found.push_back(process.sample.pid);
  return found;
}
using Pids = std::vector<std::int64_t>;

// Descriptors are not kept, so that a file of a fixture that was removed reads as gone: /proc does that for
// open ones too.
TreeOptions options(std::int64_t root_pid) {
  return {.root_pid = root_pid, .open_file_limit = 0, .idle_reread = {}};
}

TEST(ProcessTree, HasTheDescendantsAndNobodyElse) {
  Machine machine;
  machine.process(1, 0, "init");
  machine.process(10, 1);
  machine.process(20, 10);
  machine.process(15, 20);  // a smaller number than its parent's: numbers wrap
  machine.process(30, 1);
  machine.process(31, 30);
  const ManualClock clock;
  ProcessTree tree(machine.root(), options(10), clock);
  EXPECT_EQ(pids(tree.read()), (Pids{10, 15, 20}));
  TreeOptions without_root = options(10);
  without_root.include_root = false;
  ProcessTree descendants(machine.root(), without_root, clock);
  EXPECT_EQ(pids(descendants.read()), (Pids{15, 20}));
}

TEST(ProcessTree, FindsWhatIsBornLaterAndTellsWhoWent) {
  Machine machine;
  machine.process(10, 1);
  const ManualClock clock;
  ProcessTree tree(machine.root(), options(10), clock);
  tree.read();
  machine.process(11, 10);
  const auto second = tree.read();
  ASSERT_EQ(pids(second), (Pids{10, 11}));
  EXPECT_FALSE(second[0].is_new);
  EXPECT_TRUE(second[1].is_new);
  machine.end(11);
  EXPECT_EQ(pids(tree.read()), Pids{10});
  EXPECT_EQ(pids(tree.gone()), Pids{11});
  tree.read();
  EXPECT_TRUE(tree.gone().empty());
}

TEST(ProcessTree, AnOrphanStaysWhoeverAdoptsIt) {
  Machine machine;
  machine.process(10, 1);
  machine.process(11, 10);
  machine.process(12, 11);
  const ManualClock clock;
  ProcessTree tree(machine.root(), options(10), clock);
  tree.read();
  machine.end(11);
  machine.process(12, 1);
  EXPECT_EQ(pids(tree.read()), (Pids{10, 12}));
}

TEST(ProcessTree, WhatTheReaperAdoptsIsOfTheTreeTheReaperIsNot) {
  Machine machine;
  machine.process(5, 1);   // the reaper
  machine.process(10, 5);  // the root
  machine.process(12, 5);  // never seen under the root, adopted already
  machine.process(13, 12);
  const ManualClock clock;
  TreeOptions with_reaper = options(10);
  with_reaper.reaper_pid = 5;
  ProcessTree tree(machine.root(), with_reaper, clock);
  EXPECT_EQ(pids(tree.read()), (Pids{10, 12, 13}));
}

TEST(ProcessTree, ANumberThatAnotherProcessGotIsAnotherProcess) {
  Machine machine;
  machine.process(10, 1);
  machine.process(11, 10, "first", 500);
  const ManualClock clock;
  ProcessTree tree(machine.root(), options(10), clock);
  tree.read();
  machine.process(11, 1, "stranger", 900);
  EXPECT_EQ(pids(tree.read()), Pids{10});
  EXPECT_EQ(pids(tree.gone()), Pids{11});
  EXPECT_EQ(tree.gone()[0].sample.name, "first");
}

TEST(ProcessTree, ARootThatWasReapedLeavesItsNumberToStrangers) {
  Machine machine;
  machine.process(10, 1);
  machine.process(11, 10);
  ManualClock clock;
  ProcessTree tree(machine.root(), options(10), clock);
  tree.read();
  machine.end(10);
  machine.process(11, 1);
  machine.new_number(40);
  EXPECT_EQ(pids(tree.read()), Pids{11});
  machine.process(10, 1, "stranger", 900);
  machine.process(41, 10);
  EXPECT_EQ(pids(tree.read()), Pids{11});
}

TEST(ProcessTree, ReadsMembersOfACgroupAndThoseBelow) {
  Machine machine;
  machine.process(1, 0);
  machine.process(10, 1);
  machine.process(11, 1);
  machine.write("/sys/fs/cgroup/run/cgroup.procs", "10\n0\n");
  machine.write("/sys/fs/cgroup/run/deep er/cgroup.procs", "11\n");
  TreeOptions in_cgroup = options(10);
  in_cgroup.cgroup_folder = "/sys/fs/cgroup/run";
  const ManualClock clock;
  ProcessTree tree(machine.root(), in_cgroup, clock);
  EXPECT_EQ(pids(tree.read()), (Pids{10, 11}));
}

TEST(ProcessTree, AChildWhoseParentDiedWhileWeLookedIsFoundNextTime) {
  Machine machine;
  machine.process(5, 1);
  machine.process(10, 5);
  machine.process(12, 11);  // 11 is gone already, and nobody has adopted 12 yet
  TreeOptions with_reaper = options(10);
  with_reaper.reaper_pid = 5;
  const ManualClock clock;
  ProcessTree tree(machine.root(), with_reaper, clock);
  EXPECT_EQ(pids(tree.read()), Pids{10});
  machine.process(12, 5);
  machine.new_number(13);
  EXPECT_EQ(pids(tree.read()), (Pids{10, 12}));
}

TEST(ProcessTree, WhatVanishesHalfReadIsLeftOut) {
  for (const std::string_view broken : {"", "11 (wo", "11 (work) S 10 1 1 0 -1", "rubbish"}) {
    Machine machine;
    machine.process(10, 1);
    machine.process(11, 10);
    const ManualClock clock;
    ProcessTree tree(machine.root(), options(10), clock);
    tree.read();
    machine.write("/proc/11/stat", broken);
    EXPECT_EQ(pids(tree.read()), Pids{10}) << broken;
    EXPECT_EQ(pids(tree.gone()), Pids{11}) << broken;
  }
}

TEST(ProcessTree, WhatMayNotBeReadIsAbsent) {
  Machine machine;
  machine.process(10, 1);
  machine.remove("/proc/10/status");
  machine.remove("/proc/10/cmdline");
  machine.write("/proc/10/io/not-a-file", "");  // EISDIR stands in for EACCES, which root never gets
  const ManualClock clock;
  ProcessTree tree(machine.root(), options(10), clock);
  const auto processes = tree.read();
  ASSERT_EQ(processes.size(), 1u);
  const ProcessSample& sample = processes[0].sample;
  EXPECT_EQ(sample.resident_bytes, 1000u * 4096);
  EXPECT_FALSE(sample.anonymous_bytes);
  EXPECT_FALSE(sample.read_bytes);
  EXPECT_FALSE(sample.open_files);
  EXPECT_FALSE(sample.run_queue_wait_seconds);
  EXPECT_FALSE(sample.proportional_bytes);
  EXPECT_EQ(processes[0].command_line, "");
}

// hidepid: the parents of what we may see may be hidden.
TEST(ProcessTree, HiddenParentsMakeStrangers) {
  Machine machine;
  machine.process(10, 9);
  machine.process(11, 10);
  machine.process(20, 19);
  ManualClock clock;
  ProcessTree tree(machine.root(), options(10), clock);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pids(tree.read()), (Pids{10, 11}));
    clock.advance(std::chrono::seconds(10));
  }
}

TEST(ProcessTree, AZombieHoldsNoMemory) {
  Machine machine;
  machine.process(10, 1);
  const ManualClock clock;
  ProcessTree tree(machine.root(), options(10), clock);
  tree.read();
  machine.write("/proc/10/stat", stat_of(10, 1, "work", 500, 'Z', 10, 0));
  const auto processes = tree.read();
  ASSERT_EQ(processes.size(), 1u);
  EXPECT_EQ(processes[0].sample.anonymous_bytes, 0u);
  EXPECT_DOUBLE_EQ(processes[0].sample.user_seconds, 0.05);
}

TEST(ProcessTree, AZombieThatExecutedSinceHasNotThePeakOfBefore) {
  Machine machine;
  machine.process(10, 1, "sh");
  const ManualClock clock;
  ProcessTree tree(machine.root(), options(10), clock);
  ASSERT_EQ(tree.read().front().sample.resident_peak_bytes, 4100u * 1024);
  machine.write("/proc/10/stat", stat_of(10, 1, "true", 500, 'Z', 11, 0));
  ASSERT_EQ(tree.read().front().sample.state, 'Z');
  EXPECT_EQ(tree.read().front().sample.resident_peak_bytes, std::nullopt);
}

TEST(ProcessTree, SplitsMemoryAnewAtTheTickAtWhichItMoved) {
  Machine machine;
  machine.process(10, 1);
  const ManualClock clock;
  TreeOptions without_budget = options(10);
  without_budget.costly_share = 0;
  ProcessTree tree(machine.root(), without_budget, clock);
  EXPECT_EQ(tree.read()[0].sample.anonymous_bytes, 3000u * 1024);
  machine.write("/proc/10/stat", stat_of(10, 1, "work", 500, 'R', 500, 1400));
  machine.write("/proc/10/status",
                "VmHWM: 9000 kB\nVmRSS: 5600 kB\nRssAnon: 4600 kB\nRssFile: 600 kB\nRssShmem: 400 kB\n");
  const auto processes = tree.read();
  EXPECT_EQ(processes[0].sample.anonymous_bytes, 4600u * 1024);
  EXPECT_EQ(processes[0].spike_bytes, 3400u * 1024);
  EXPECT_EQ(tree.read()[0].spike_bytes, 0u);
}

TEST(ProcessTree, ThreadsThatEndKeepTheirShareInTheSums) {
  Machine machine;
  machine.process(10, 1);
  std::string two_threads = stat_of(10, 1);
  two_threads.replace(two_threads.find(" 20 0 1 0 "), 10, " 20 0 2 0 ");
  machine.write("/proc/10/stat", two_threads);
  machine.write("/proc/10/task/10/schedstat", "1 1000000000 1\n");
  machine.write("/proc/10/task/11/schedstat", "1 2000000000 1\n");
  ManualClock clock;
  ProcessTree tree(machine.root(), options(10), clock);
  EXPECT_DOUBLE_EQ(tree.read()[0].sample.run_queue_wait_seconds.value(), 3);
  machine.remove("/proc/10/task/11");
  machine.write("/proc/10/task/10/schedstat", "1 1500000000 1\n");
  machine.write("/proc/10/stat", stat_of(10, 1));
  clock.advance(std::chrono::seconds(10));
  EXPECT_DOUBLE_EQ(tree.read()[0].sample.run_queue_wait_seconds.value(), 3.5);
}

TEST(ProcessTree, ASteadyTickAllocatesNothing) {
  Machine machine;
  for (int i = 0; i < 50; ++i) machine.process(10 + i, i == 0 ? 1 : 10, "a) name " + std::to_string(i));
  ManualClock clock;
  ProcessTree tree(machine.root(), {.root_pid = 10}, clock);
  metric::SeriesTable table;
  metric::Tick tick;
  std::vector<ProcessSeries> series;
  for (const TreeProcess& process : tree.read())
    series.emplace_back(table, process.sample.pid, process.sample.name);
  std::size_t before = 0;
  for (int i = 0; i < 20; ++i) {
    if (i == 10) before = allocation_count();
    clock.advance(std::chrono::seconds(1));
    tick.clear();
    const auto processes = tree.read();
    for (std::size_t at = 0; at < processes.size(); ++at) series[at].add(processes[at].sample, tick);
  }
  EXPECT_EQ(allocation_count() - before, 0u);
  EXPECT_EQ(series.size(), 50u);
  EXPECT_GT(tick.values.size(), 500u);
}

TEST(ProcessTree, FiveThousandProcessesAreAllRead) {
  constexpr int kCount = 5000;
  Machine machine;
  for (int i = 0; i < kCount; ++i) {
    const std::string folder = "/proc/" + std::to_string(10 + i);
    machine.write(folder + "/stat", stat_of(10 + i, i == 0 ? 1 : 10 + i / 2));
  }
  const ManualClock clock;
  ProcessTree tree(machine.root(), {.root_pid = 10, .costly_share = 0, .idle_reread = {}}, clock);
  EXPECT_EQ(tree.read().size(), static_cast<std::size_t>(kCount));
  EXPECT_EQ(tree.read().size(), static_cast<std::size_t>(kCount));
}

// In a child, whose limit is its own.
TEST(ProcessTree, SixtyFourDescriptorsAreEnoughAndSomeAreLeft) {
  Machine machine;
  for (int i = 0; i < 300; ++i) machine.process(10 + i, i == 0 ? 1 : 10);
  const pid_t child = ::fork();
  if (child == 0) {
    const rlimit limit{64, 64};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const ManualClock clock;
    ProcessTree tree(machine.root(), {.root_pid = 10, .idle_reread = {}}, clock);
    const bool all = tree.read().size() == 300 && tree.read().size() == 300;
    int left = 0;
    while (left < 64 && ::dup(0) >= 0) ++left;
    // With no descriptor to be had at all, nothing is said to have ended.
    const bool still = tree.read().size() == 300 && tree.gone().empty();
    ::_exit(all && left >= 20 && still ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace ullage::sense
