// SPDX-License-Identifier: Apache-2.0
// The kernel's own pass over all tasks against what /proc says of the same ones.
#include "sense/bpf/task_iterator.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/os_root.h"
#include "sense/proc/proc_counters.h"
#include "sense/proc/proc_stat.h"

namespace ullage::sense {
namespace {

class TaskIteratorLive : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = TaskIterator::open();
    if (!opened) GTEST_SKIP() << opened.error().text();
    iterator_.emplace(std::move(*opened));
  }
  std::optional<TaskIterator> iterator_;
};

const TaskSums* find(std::span<const TaskSums> tasks, std::int64_t pid) {
  const auto found = std::ranges::lower_bound(tasks, pid, {}, &TaskSums::pid);
  return found != tasks.end() && found->pid == pid ? &*found : nullptr;
}

void burn(std::chrono::milliseconds time) {
  const SystemClock clock;
  const auto begin = clock.own_cpu();
  while (clock.own_cpu() - begin < time) continue;
}

// A child with threads, one of which has ended, that has burnt, touched memory and written, and waits.
pid_t start_child() {
  int ready[2];
  if (::pipe(ready) != 0) return -1;
  const pid_t pid = ::fork();
  if (pid != 0) {
    ::close(ready[1]);
    char byte;
    EXPECT_EQ(::read(ready[0], &byte, 1), 1);
    ::close(ready[0]);
    return pid;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "busy (child)");
  constexpr std::size_t kBytes = 40 << 20;
  void* memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::memset(memory, 1, kBytes);
  std::thread([] { burn(std::chrono::milliseconds(60)); }).join();
  std::thread([] {
    while (true) ::pause();
  }).detach();
  burn(std::chrono::milliseconds(60));
  if (::write(ready[1], "x", 1) != 1) ::_exit(1);
  while (true) ::pause();
}

TEST_F(TaskIteratorLive, GivesTheSameValuesAsProc) {
  const pid_t pid = start_child();
  ASSERT_GT(pid, 0);
  const TaskSums* task = find(iterator_->read(), pid);
  ASSERT_NE(task, nullptr);
  const auto folder = "/proc/" + std::to_string(pid);
  const auto text = read_file(folder + "/stat");
  const auto stat = parse_proc_stat(*text);
  const ProcIo io = parse_proc_io(*read_file(folder + "/io"));
  EXPECT_EQ(task->parent_pid, ::getpid());
  EXPECT_EQ(std::string_view(task->name.data()), stat->name);
  EXPECT_EQ(task->threads, stat->threads);
  EXPECT_EQ(task->threads, 2u);
  EXPECT_EQ(task->minor_faults, stat->minor_faults);
  EXPECT_EQ(task->major_faults, stat->major_faults);
  EXPECT_EQ(task->read_bytes, io.read_bytes);
  EXPECT_EQ(task->written_bytes, io.written_bytes);
  const double seconds = static_cast<double>(stat->user_ticks + stat->system_ticks) /
                         static_cast<double>(OsRoot::live().ticks_per_second);
  EXPECT_NEAR(static_cast<double>(task->run_ns) * 1e-9, seconds, 0.021);  // a tick of each, cut off
  // Counters of each processor lie behind the sums by up to 64 pages and more.
  EXPECT_NEAR(static_cast<double>(task->resident_pages()), static_cast<double>(stat->resident_pages), 600);
  EXPECT_GE(task->anonymous_pages, 9'000u);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(find(iterator_->read(), pid), nullptr);
}

TEST_F(TaskIteratorLive, HasEveryProcessOnceInOrder) {
  std::vector<pid_t> children;
  for (int i = 0; i < 50; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      while (true) ::pause();
    }
    ASSERT_GT(pid, 0);
    children.push_back(pid);
  }
  const auto tasks = iterator_->read();
  EXPECT_TRUE(std::ranges::is_sorted(tasks, {}, &TaskSums::pid));
  EXPECT_EQ(std::ranges::adjacent_find(tasks, {}, &TaskSums::pid), tasks.end());
  EXPECT_TRUE(find(tasks, ::getpid())->has_memory);
  for (const pid_t pid : children) EXPECT_NE(find(tasks, pid), nullptr) << pid;
  for (const pid_t pid : children) ::kill(pid, SIGKILL);
  for (const pid_t pid : children) ::waitpid(pid, nullptr, 0);
}

}  // namespace
}  // namespace ullage::sense
