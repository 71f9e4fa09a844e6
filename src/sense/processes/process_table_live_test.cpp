// SPDX-License-Identifier: Apache-2.0
// The whole-machine table over processes that really run. Children are started here, speak over pipes, and
// are ended by the test.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/child_fixture.h"
#include "sense/collector_fixture.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/process_tree.h"
#include "sense/processes/group_books.h"
#include "sense/processes/process_row.h"
#include "sense/processes/process_table.h"
#include "sense/processes/processes_collector.h"

namespace ullage::sense {
namespace {

constexpr std::size_t kMiB = 1 << 20;

void touch(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::memset(memory, 1, bytes);
}

void burn(std::chrono::milliseconds time) {
  const SystemClock clock;
  const auto begin = clock.own_cpu();
  while (clock.own_cpu() - begin < time) continue;
}

const ProcessRow* find(std::span<const ProcessRow> rows, std::int64_t pid) {
  for (const ProcessRow& row : rows)
    if (row.sample.pid == pid) return &row;
  return nullptr;
}

TEST(ProcessTableLive, HasThisMachinesProcesses) {
  const Child child([] { touch(32 * kMiB); });
  const SystemClock clock;
  ProcessTable table(OsRoot::live(), {.costly_share = 1}, clock);
  const auto rows = table.read();
  const ProcessRow* self = find(rows, ::getpid());
  ASSERT_NE(self, nullptr);
  const ProcessRow* row = find(rows, child.pid());
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(row->sample.parent_pid, ::getpid());
  EXPECT_EQ(row->command_line, self->command_line);
  EXPECT_EQ(row->sample.user_id, ::geteuid());
  EXPECT_EQ(row->group, self->group);
  EXPECT_GE(*row->sample.anonymous_bytes, 32 * kMiB);
  EXPECT_LT(*row->sample.anonymous_bytes, *self->sample.anonymous_bytes + 64 * kMiB);
  EXPECT_TRUE(row->sample.read_bytes && row->sample.open_files && row->sample.swap_bytes);
  EXPECT_TRUE(std::ranges::is_sorted(rows, {}, [](const ProcessRow& each) { return each.sample.pid; }));
}

TEST(ProcessTableLive, SeesBirthsAndDeathsAtTheNextReading) {
  const SystemClock clock;
  ProcessTable table(OsRoot::live(), {}, clock);
  table.read();
  pid_t pid = 0;
  {
    const Child child([] {});
    pid = child.pid();
    const ProcessRow* row = find(table.read(), pid);
    ASSERT_NE(row, nullptr);
    EXPECT_TRUE(row->was_born);
  }
  EXPECT_EQ(find(table.read(), pid), nullptr);
  EXPECT_FALSE(table.ended().empty());
}

// The value of a counter of the group that this process is of.
double own_cpu_seconds(const ProcessesCollector& collector) {
  const ProcessRow* self = find(collector.rows(), ::getpid());
  for (const GroupBooks::Shown& shown : collector.groups())
    if (shown.group == self->group)
      return shown.sample->used.user_seconds + shown.sample->used.system_seconds;
  return -1;
}

TEST(ProcessTableLive, WhatLivedBetweenTwoReadingsIsInItsGroupsCounters) {
  if (auto opened = ExitRecords::open(); !opened) GTEST_SKIP() << opened.error().text();
  const SystemClock clock;
  ProcessesCollector collector(OsRoot::live(), {}, clock);
  LinesFrame frame;
  ASSERT_TRUE(collector.collect(frame));
  const double before = own_cpu_seconds(collector);
  ASSERT_GE(before, 0);
  for (int i = 0; i < 3; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      touch(150 * kMiB);
      burn(std::chrono::milliseconds(100));
      ::_exit(0);
    }
    ::waitpid(pid, nullptr, 0);
  }
  ASSERT_TRUE(collector.collect(frame));
  EXPECT_GE(own_cpu_seconds(collector) - before, 0.28);
  const ProcessRow* self = find(collector.rows(), ::getpid());
  const auto of_self = [&](const GroupBooks::Shown& shown) { return shown.group == self->group; };
  const auto group = std::ranges::find_if(collector.groups(), of_self);
  ASSERT_NE(group, collector.groups().end());
  EXPECT_GE(group->sample->largest_process_bytes, 150 * kMiB);
  EXPECT_GE(group->sample->births, 3u);
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// Without exit records it is what the parent is credited with, one reading later.
TEST(ProcessTableLive, WithoutExitRecordsTheCreditOfTheParentTellsOfItsChildren) {
  ::prctl(PR_SET_NAME, "credited");  // a group of its own, apart from tests that run beside this one
  const SystemClock clock;
  ProcessTable table(OsRoot::live(), {}, clock);
  table.read();
  const pid_t pid = ::fork();
  if (pid == 0) {
    burn(std::chrono::milliseconds(200));
    ::_exit(0);
  }
  rusage usage{};
  ::wait4(pid, nullptr, 0, &usage);
  double used = 0;
  for (int reading = 0; reading < 3; ++reading) {
    table.read({}, Freshness::all);
    const ProcessRow* self = find(table.rows(), ::getpid());
    for (const EndedProcess& ended : table.ended())
      if (ended.ending == Ending::unknown && ended.group == self->group)
        used += ended.used.user_seconds + ended.used.system_seconds;
    burn(std::chrono::milliseconds(200));  // time passes in which all of it could have been used
  }
  EXPECT_NEAR(used, seconds(usage.ru_utime) + seconds(usage.ru_stime), 0.05);
}

// A process of its own in our memory: thousands of them cost little.
class Swarm {
 public:
  explicit Swarm(std::size_t count) : stacks_(std::make_unique<char[]>(count * kStackBytes)) {
    for (std::size_t i = 0; i < count; ++i) {
      const int pid = ::clone(wait, stacks_.get() + (i + 1) * kStackBytes, CLONE_VM | SIGCHLD, nullptr);
      if (pid < 0) break;
      pids_.push_back(pid);
    }
  }
  ~Swarm() {
    for (const pid_t pid : pids_) ::kill(pid, SIGKILL);
    for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
  }
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;
  const std::vector<pid_t>& pids() const { return pids_; }

 private:
  static constexpr std::size_t kStackBytes = 4096;
  static int wait(void*) {
    while (true) ::syscall(SYS_pause);
  }

  std::unique_ptr<char[]> stacks_;
  std::vector<pid_t> pids_;
};

TEST(ProcessTableLive, FiveThousandThatAppearAtOnceDelayNoReading) {
  constexpr std::size_t kCount = 5000;
  const SystemClock clock;
  ProcessTable table(OsRoot::live(), {}, clock);
  table.read();
  const Swarm swarm(kCount);
  if (swarm.pids().size() < kCount)
    GTEST_SKIP() << "no more than " << swarm.pids().size() << " processes here";
  const auto has_all = [&] {
    return std::ranges::all_of(swarm.pids(), [&](pid_t pid) { return find(table.rows(), pid) != nullptr; });
  };
  std::chrono::nanoseconds longest{0}, all{0};
  std::size_t without_details = kCount;
  for (int reading = 0; reading < 300 && without_details > 0; ++reading) {
    const auto begin = clock.own_cpu();
    const auto rows = table.read();
    const auto took = clock.own_cpu() - begin;
    longest = std::max(longest, took);
    all += took;
    if (reading == 0) {
      EXPECT_TRUE(has_all());
      EXPECT_EQ(find(rows, swarm.pids().back())->group, find(rows, ::getpid())->group);
    }
    without_details = static_cast<std::size_t>(std::ranges::count_if(rows, [](const ProcessRow& row) {
      return row.command_line.empty() && row.sample.resident_bytes.value_or(0) > 0;
    }));
  }
  EXPECT_EQ(without_details, 0u);
  EXPECT_LT(3 * to_seconds(longest), to_seconds(all)) << "what has to be read is spread over readings";
}

// Another user may see that there are processes, not what they read from storage.
TEST(ProcessTableLive, WhatMayNotBeReadIsAbsentAndCounted) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to become another user";
  constexpr uid_t kNobody = 65534;
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(10);
    const SystemClock clock;
    ProcessTable table(OsRoot::live(), {}, clock);
    // Details have a budget: where there are many processes, not all have theirs after the first reading.
    const ProcessRow* row = find(table.read(), parent);
    for (int reading = 0; reading < 100 && row != nullptr && row->command_line.empty(); ++reading)
      row = find(table.read(), parent);
    if (row == nullptr) ::_exit(11);
    if (row->sample.read_bytes || row->sample.proportional_bytes) ::_exit(12);
    if (row->sample.resident_bytes.value_or(0) == 0 || row->command_line.empty()) ::_exit(13);
    ::_exit(table.hidden().in_part > 0 ? 0 : 14);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ullage::sense
