// SPDX-License-Identifier: Apache-2.0
// The tree over processes that really run. Children are forked here, speak over pipes, and are ended by the
// test.
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
#include <functional>
#include <span>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/child_fixture.h"
#include "sense/proc/process_tree.h"
#include "sense/proc/used_memory.h"

namespace ullage::sense {
namespace {

constexpr std::size_t kMiB = 1 << 20;

char* touch(std::size_t bytes, int flags = MAP_PRIVATE) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
  std::memset(memory, 1, bytes);
  return static_cast<char*>(memory);
}

const TreeProcess* find(std::span<const TreeProcess> processes, pid_t pid) {
  for (const TreeProcess& process : processes)
    if (process.sample.pid == pid) return &process;
  return nullptr;
}

TEST(ProcessTreeLive, ReadsEveryFieldOfAChild) {
  const Child child([] { touch(32 * kMiB); });
  const SystemClock clock;
  ProcessTree tree(OsRoot::live(), {.root_pid = child.pid(), .costly_share = 1}, clock);
  tree.read();
  EXPECT_EQ(tree.read_proportional(std::chrono::seconds(1)), 1u);
  const auto processes = tree.read();
  ASSERT_EQ(processes.size(), 1u);
  const ProcessSample& sample = processes[0].sample;
  EXPECT_EQ(sample.pid, child.pid());
  EXPECT_EQ(sample.parent_pid, ::getpid());
  EXPECT_EQ(sample.threads, 1u);
  EXPECT_GE(*sample.resident_bytes, 32 * kMiB);
  EXPECT_GE(*sample.anonymous_bytes, 32 * kMiB);
  EXPECT_LT(*sample.anonymous_bytes, 64 * kMiB);
  EXPECT_GE(*sample.resident_peak_bytes, 32 * kMiB);
  EXPECT_TRUE(sample.file_bytes && sample.shared_bytes && sample.swap_bytes);
  EXPECT_GE(*sample.proportional_used_bytes, 32 * kMiB);
  EXPECT_GE(*sample.open_files, 3u);
  EXPECT_TRUE(sample.voluntary_switches && sample.involuntary_switches);
  EXPECT_TRUE(sample.read_bytes && sample.written_bytes);
  EXPECT_TRUE(sample.run_queue_wait_seconds);
  EXPECT_FALSE(processes[0].command_line.empty());
}

TEST(ProcessTreeLive, FindsGrandchildrenAndTellsWhoWent) {
  Child parent([] {
    if (::fork() == 0)
      while (true) ::pause();
  });
  const SystemClock clock;
  ProcessTree tree(OsRoot::live(), {.root_pid = parent.pid()}, clock);
  const auto first = tree.read();
  ASSERT_EQ(first.size(), 2u);
  EXPECT_TRUE(first[0].is_new && first[1].is_new);
  const std::int64_t grandchild =
      first[0].sample.pid == parent.pid() ? first[1].sample.pid : first[0].sample.pid;
  EXPECT_FALSE(tree.read()[0].is_new);

  ::kill(static_cast<pid_t>(grandchild), SIGKILL);
  ::kill(parent.pid(), SIGKILL);
  ::waitpid(parent.pid(), nullptr, 0);
  bool root_went = false;
  for (int i = 0; i < 5'000 && !root_went; ++i) {
    tree.read();
    for (const TreeProcess& process : tree.gone())
      root_went = root_went || process.sample.pid == parent.pid();
    ::usleep(2'000);
  }
  EXPECT_TRUE(root_went);
}

TEST(ProcessTreeLive, KeepsADaemonThatForkedTwiceUnderTheSubreaper) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  int out[2];
  ASSERT_EQ(::pipe(out), 0);
  const pid_t root = ::fork();
  if (root == 0) {
    if (::fork() == 0) {
      ::setsid();
      const pid_t daemon = ::fork();
      if (daemon == 0)
        while (true) ::pause();
      if (::write(out[1], &daemon, sizeof(daemon)) < 0) ::_exit(1);
      ::_exit(0);
    }
    while (true) ::pause();
  }
  pid_t daemon = 0;
  ASSERT_EQ(::read(out[0], &daemon, sizeof(daemon)), static_cast<ssize_t>(sizeof(daemon)));
  const SystemClock clock;
  ProcessTree tree(OsRoot::live(), {.root_pid = root, .reaper_pid = ::getpid()}, clock);
  const bool found = find(tree.read(), daemon) != nullptr;
  ::kill(root, SIGKILL);
  ::waitpid(root, nullptr, 0);
  const bool still_there = find(tree.read(), daemon) != nullptr;
  const bool is_self_in = find(tree.read(), ::getpid()) != nullptr;
  ::kill(daemon, SIGKILL);
  ::close(out[0]);
  ::close(out[1]);
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
  EXPECT_TRUE(found);
  EXPECT_TRUE(still_there);
  EXPECT_FALSE(is_self_in);
}

TEST(ProcessTreeLive, RereadsTheCommandLineAfterAnExec) {
  int go[2];
  ASSERT_EQ(::pipe(go), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(go[1]);
    char byte;
    if (::read(go[0], &byte, 1) < 0) ::_exit(1);
    ::execlp("sleep", "sleep", "60", nullptr);
    ::_exit(127);
  }
  const SystemClock clock;
  ProcessTree tree(OsRoot::live(), {.root_pid = pid, .idle_reread = {}}, clock);
  const std::string before = tree.read()[0].command_line;
  ::close(go[0]);
  ::close(go[1]);
  std::string after = before;
  for (int i = 0; i < 5'000 && after == before; ++i) {
    ::usleep(2'000);
    after = tree.read()[0].command_line;
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_EQ(after, std::string_view("sleep\0"
                                    "60",
                                    8));
}

TEST(ProcessTreeLive, ASpikeBetweenTwoReadingsShows) {
  int go[2], done[2];
  ASSERT_EQ(::pipe(go), 0);
  ASSERT_EQ(::pipe(done), 0);
  const Child child([&] {
    if (::fork() != 0) return;
    char byte;
    if (::read(go[0], &byte, 1) != 1) ::_exit(1);
    ::munmap(touch(128 * kMiB), 128 * kMiB);
    if (::write(done[1], "x", 1) != 1) ::_exit(1);
    while (true) ::pause();
  });
  const SystemClock clock;
  ProcessTree tree(OsRoot::live(), {.root_pid = child.pid(), .idle_reread = {}}, clock);
  tree.read();
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  char byte;
  ASSERT_EQ(::read(done[0], &byte, 1), 1);
  std::uint64_t spike = 0;
  std::int64_t grandchild = 0;
  for (const TreeProcess& process : tree.read()) {
    spike = std::max(spike, process.spike_bytes);
    if (process.sample.pid != child.pid()) grandchild = process.sample.pid;
  }
  if (grandchild > 0) ::kill(static_cast<pid_t>(grandchild), SIGKILL);
  for (const int fd : {go[0], go[1], done[0], done[1]}) ::close(fd);
  EXPECT_NEAR(static_cast<double>(spike), 128.0 * kMiB, 2.0 * kMiB);
}

// Between vfork and exec a child runs in its parent's memory, and the kernel shows that for both.
TEST(ProcessTreeLive, AChildInVforkHoldsNothingOfItsOwn) {
  int hold[2];
  ASSERT_EQ(::pipe(hold), 0);
  const Child parent([&] {
    touch(64 * kMiB);
    if (::fork() != 0) return;
    touch(64 * kMiB);
    if (::vfork() == 0) {
      char byte;
      ::close(hold[1]);
      if (::read(hold[0], &byte, 1) < 0) ::_exit(1);
      ::_exit(0);
    }
    while (true) ::pause();
  });
  const SystemClock clock;
  ProcessTree tree(OsRoot::live(), {.root_pid = parent.pid(), .idle_reread = {}}, clock);
  std::size_t borrowers = 0;
  for (int i = 0; i < 5'000 && borrowers == 0; ++i) {
    ::usleep(2'000);
    for (const TreeProcess& process : tree.read()) borrowers += process.borrows_memory ? 1u : 0u;
  }
  for (const TreeProcess& process : tree.processes())
    if (process.sample.pid != parent.pid()) ::kill(static_cast<pid_t>(process.sample.pid), SIGKILL);
  ::close(hold[0]);
  ::close(hold[1]);
  EXPECT_EQ(borrowers, 1u);
}

TEST(ProcessTreeLive, PagesSharedByEightProcessesCountOnce) {
  constexpr std::size_t kSize = 128 * kMiB;
  const Child parent([] {
    touch(kSize);
    for (int i = 0; i < 7; ++i)
      if (::fork() == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        while (true) ::pause();
      }
  });
  const SystemClock clock;
  ProcessTree tree(OsRoot::live(), {.root_pid = parent.pid(), .costly_share = 0}, clock);
  const UsedMemory cheap = used_memory(tree.read(), tree.departed_bytes());
  EXPECT_GE(cheap.upper_bytes, 8 * kSize);
  // Without PSS already: a forked child has faulted in little of its own.
  EXPECT_GE(cheap.best_bytes, kSize);
  EXPECT_LT(cheap.best_bytes, kSize + 32ull * kMiB);
  EXPECT_EQ(tree.read_proportional(std::chrono::seconds(2)), 8u);
  const UsedMemory settled = used_memory(tree.processes(), tree.departed_bytes());
  // Each has a little of its own: some pages, and under a sanitizer some of that as well.
  EXPECT_GE(settled.best_bytes, kSize);
  EXPECT_LT(settled.best_bytes, kSize + 32ull * kMiB);
  EXPECT_FALSE(needs_proportional(settled));
}

}  // namespace
}  // namespace ullage::sense
