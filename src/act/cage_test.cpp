// SPDX-License-Identifier: Apache-2.0
// Real limits on real processes, by whatever this machine has: here cgroup v1 or a hybrid, in tests/vm a
// kernel with cgroup v2. What a machine has not got is skipped, with the reason.
#include "act/cage.h"

#include <gmock/gmock.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "act/child.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"

namespace ullage::act {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;

constexpr std::uint64_t kMiB = 1u << 20;
constexpr uid_t kNobody = 65534;

std::string program(const std::string& name) {
  return (fs::read_symlink("/proc/self/exe").parent_path() / name).string();
}

// Where `type` (and for v1 `controller`) is mounted; empty when nowhere.
std::string mount_point(const std::string& type, const std::string& controller) {
  std::ifstream mounts("/proc/self/mounts");
  std::string device, point, kind, options, rest;
  while (mounts >> device >> point >> kind >> options && std::getline(mounts, rest))
    if (kind == type &&
        (controller.empty() || ("," + options + ",").find("," + controller + ",") != std::string::npos))
      return point;
  return "";
}

// Our own folder there, from /proc/self/cgroup.
std::string own_folder(const std::string& controller) {
  const std::string mount = mount_point(controller.empty() ? "cgroup2" : "cgroup", controller);
  if (mount.empty()) return "";
  std::ifstream lines("/proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {
    std::string_view rest = line;
    take_until(rest, ':');
    if (take_until(rest, ':') != controller || rest == "/") continue;
    if (file_exists(mount + std::string(rest))) return mount + std::string(rest);
  }
  return mount;
}

CageSites own_sites() {
  return {.unified = own_folder(""),
          .memory_v1 = own_folder("memory"),
          .cpu_v1 = own_folder("cpu"),
          .pids_v1 = own_folder("pids")};
}

std::string fresh_id(const std::string& what) { return "test-" + what + "-" + std::to_string(::getpid()); }

Cage prepare(const CageSites& sites, const std::string& what, const LimitRequest& request) {
  return Cage::prepare(OsRoot::live(), sites, fresh_id(what), request);
}

Child start(const Cage& cage, std::vector<std::string> command) {
  ChildSpec spec;
  spec.command = std::move(command);
  spec.environment = {"PATH=/usr/bin:/bin"};
  spec.cgroup_fd = cage.cgroup_fd();
  spec.cgroup_procs_files = cage.v1_procs_files();
  spec.processors = cage.processors();
  auto child = Child::prepare(spec);
  EXPECT_TRUE(child) << child.error().text();
  EXPECT_EQ(child->placement_problem(), "");
  EXPECT_TRUE(child->release());
  return std::move(*child);
}

ExitStatus wait_for(Child& child) {
  pollfd entry{child.pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 60'000), 1);
  return child.try_wait().value_or(ExitStatus{});
}

std::string read_text(const std::string& path) {
  const auto text = read_file(path);
  return text ? std::string(trim(*text)) : "(" + text.error().text() + ")";
}

// The body in a process of its own, which may move, lose its rights, or die; what it prints is seen on
// failure.
int exit_of_fork(const std::function<int()>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
int holds(bool condition) { return condition && !testing::Test::HasFailure() ? 0 : 1; }

bool become_nobody() {
  return ::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0;
}

bool is_by_cgroup(const HeldLimit& limit) {
  return limit.mechanism == Mechanism::cgroup_v1 || limit.mechanism == Mechanism::cgroup_v2;
}

TEST(Cage, HoldsMemoryAndTellsOfTheKernelsKill) {
  const Cage cage = prepare(own_sites(), "memory", {.memory_bytes = 64 * kMiB});
  ASSERT_EQ(cage.limits().size(), 1u);
  const HeldLimit& limit = cage.limits()[0];
  if (!is_by_cgroup(limit)) GTEST_SKIP() << limit.problem;
  EXPECT_EQ(limit.got, 64.0 * kMiB);
  EXPECT_EQ(limit.problem, "");
  EXPECT_EQ(cage.oom_kills(), 0u);
  Child fits = start(cage, {program("touch_memory"), "20", "0"});
  EXPECT_EQ(wait_for(fits).code, 0);
  Child exceeds = start(cage, {program("touch_memory"), "200", "0"});
  EXPECT_EQ(wait_for(exceeds).signal, SIGKILL);
  EXPECT_EQ(cage.oom_kills(), 1u);
}

TEST(Cage, MemoryLimitCanBeRaisedAndLowered) {
  Cage cage = prepare(own_sites(), "change", {.memory_bytes = 64 * kMiB});
  if (!is_by_cgroup(cage.limits()[0])) GTEST_SKIP() << cage.limits()[0].problem;
  for (const std::uint64_t bytes : {512 * kMiB, 32 * kMiB, 300 * kMiB}) {
    const auto changed = cage.change_memory_limit(bytes);
    ASSERT_TRUE(changed) << changed.error().text();
    EXPECT_EQ(cage.limits()[0].got, static_cast<double>(bytes));
  }
  Child fits = start(cage, {program("touch_memory"), "200", "0"});
  EXPECT_EQ(wait_for(fits).code, 0);
}

TEST(Cage, HoldsCoresByAQuota) {
  const Cage cage = prepare(own_sites(), "cpus", {.cores = 0.25});
  const HeldLimit& limit = cage.limits()[0];
  if (!is_by_cgroup(limit)) GTEST_SKIP() << limit.problem;
  EXPECT_EQ(limit.got, 0.25);
  const auto before = std::chrono::steady_clock::now();
  Child child = start(cage, {program("spin_cpu"), "1", "0.12"});
  EXPECT_EQ(wait_for(child).code, 0);
  // 120 ms of work at 25 ms a period of 100 ms.
  EXPECT_GT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(250));
}

TEST(Cage, HoldsTheNumberOfProcesses) {
  Cage cage = prepare(own_sites(), "pids", {.processes = 3});
  const HeldLimit& limit = cage.limits()[0];
  if (!is_by_cgroup(limit)) GTEST_SKIP() << limit.problem;
  EXPECT_EQ(limit.got, 3.0);
  Child fits = start(cage, {program("short_children"), "5"});
  EXPECT_EQ(wait_for(fits).code, 0);
  EXPECT_EQ(cage.refused_starts(), 0u);
  Child exceeds =
      start(cage, {"/bin/sh", "-c", "exec 2>/dev/null; sleep 9 & sleep 9 & sleep 9 & sleep 9 & wait"});
  EXPECT_THAT(wait_for(exceeds).code.value_or(-1), testing::Gt(0));
  EXPECT_GT(cage.refused_starts(), 0u);
  EXPECT_TRUE(cage.kill_all());
}

TEST(Cage, AllThreeLimitsHoldTogether) {
  const Cage cage = prepare(own_sites(), "all", {.memory_bytes = 100 * kMiB, .cores = 1.5, .processes = 50});
  ASSERT_EQ(cage.limits().size(), 3u);
  for (const HeldLimit& limit : cage.limits()) {
    if (!is_by_cgroup(limit)) GTEST_SKIP() << limit.problem;
    EXPECT_EQ(limit.got, limit.asked) << limit.resource;
  }
  Child child = start(cage, {"/bin/true"});
  EXPECT_EQ(wait_for(child).code, 0);
}

TEST(Cage, ALimitAboveTheMachineIsSetAndSaid) {
  const Cage cage = prepare(own_sites(), "above", {.memory_bytes = 1ull << 50, .cores = 5000});
  EXPECT_THAT(cage.limits()[0].problem, HasSubstr("above what the machine has"));
  EXPECT_THAT(cage.limits()[1].problem, HasSubstr("above what we may use"));
}

TEST(Cage, WithoutCgroupsAffinityAndTheSupervisorRemain) {
  const Cage cage = prepare({}, "none", {.memory_bytes = 64 * kMiB, .cores = 0.5, .processes = 9});
  ASSERT_EQ(cage.limits().size(), 3u);
  EXPECT_EQ(cage.limits()[0].mechanism, Mechanism::supervisor);
  EXPECT_EQ(cage.limits()[0].got, std::nullopt);
  EXPECT_THAT(cage.limits()[0].problem, HasSubstr("no cgroup v1"));
  EXPECT_EQ(cage.limits()[1].mechanism, Mechanism::affinity);
  EXPECT_EQ(cage.limits()[1].got, 1.0);
  EXPECT_EQ(cage.processors().size(), 1u);
  EXPECT_EQ(cage.limits()[2].mechanism, Mechanism::supervisor);
  EXPECT_EQ(cage.cgroup_fd(), -1);
  EXPECT_EQ(cage.oom_kills(), std::nullopt);
  Child child = start(cage, {"/bin/sh", "-c", "test $(nproc) = 1"});
  EXPECT_EQ(wait_for(child).code, 0);
}

TEST(Cage, TheSupervisorsLimitCanBeChangedToo) {
  Cage cage = prepare({}, "none", {.memory_bytes = 64 * kMiB});
  EXPECT_TRUE(cage.change_memory_limit(128 * kMiB));
  EXPECT_EQ(cage.limits()[0].asked, 128.0 * kMiB);
  EXPECT_EQ(cage.limits()[0].mechanism, Mechanism::supervisor);
}

TEST(Cage, AnUnprivilegedUserIsToldWhyNoCgroupHoldsIt) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to lose it";
  EXPECT_EQ(exit_of_fork([] {
              if (!become_nobody()) return 2;
              const Cage cage = prepare(own_sites(), "nobody", {.memory_bytes = 64 * kMiB, .cores = 1});
              EXPECT_EQ(cage.limits()[0].mechanism, Mechanism::supervisor);
              EXPECT_THAT(cage.limits()[0].problem,
                          AnyOf(HasSubstr("not ours to write"), HasSubstr("Permission denied"),
                                HasSubstr("no cgroup")));
              EXPECT_EQ(cage.limits()[1].mechanism, Mechanism::affinity);
              return holds(true);
            }),
            0);
}

TEST(Cage, WithoutLimitsTheCommandIsBornInACgroupWhereOneMayBeMade) {
  Cage cage = prepare(own_sites(), "plain", {});
  EXPECT_TRUE(cage.limits().empty());
  EXPECT_TRUE(cage.v1_procs_files().empty());
  if (cage.cgroup_fd() < 0) GTEST_SKIP() << "no cgroup v2 that we may write to";
  Child child = start(cage, {"/bin/sleep", "60"});
  EXPECT_THAT(read_text("/proc/" + std::to_string(child.pid()) + "/cgroup"),
              HasSubstr("/ullage-" + fresh_id("plain")));
  cage.remove();
  EXPECT_TRUE(file_exists(cage.unified_folder())) << "somebody lives there";
  EXPECT_TRUE(cage.kill_all());
  EXPECT_EQ(wait_for(child).signal, SIGKILL);
  const std::string folder = cage.unified_folder();
  cage.remove();
  EXPECT_FALSE(file_exists(folder));
}

TEST(Cage, KillsAllInAV1CgroupToo) {
  CageSites sites = own_sites();
  sites.unified.clear();
  Cage cage = prepare(sites, "kill", {.processes = 50});
  if (cage.v1_procs_files().empty()) GTEST_SKIP() << cage.limits()[0].problem;
  Child child = start(cage, {"/bin/sh", "-c", "sleep 60 & sleep 60 & setsid sleep 60 & wait"});
  EXPECT_TRUE(cage.kill_all());
  EXPECT_EQ(wait_for(child).signal, SIGKILL);
}

TEST(Cage, LeavesNothingBehind) {
  std::vector<std::string> folders;
  {
    const Cage cage = prepare(own_sites(), "gone", {.memory_bytes = 64 * kMiB, .cores = 1, .processes = 9});
    for (const std::string& folder : {cage.unified_folder(), cage.memory_v1_folder(), cage.cpu_v1_folder()})
      if (!folder.empty()) folders.push_back(folder);
    Child child = start(cage, {"/bin/true"});
    EXPECT_EQ(wait_for(child).code, 0);
  }
  for (const std::string& folder : folders) EXPECT_FALSE(file_exists(folder)) << folder;
}

class StaleCages : public testing::Test {
 protected:
  // The folders of a run that ended without a chance to tidy up.
  std::vector<std::string> abandon(const std::string& what, std::vector<std::string> command) {
    const CageSites sites = own_sites();
    exit_of_fork([&] {
      const Cage cage = prepare(sites, what, {.memory_bytes = 64 * kMiB, .processes = 9});
      if (!command.empty()) start(cage, command);
      ::raise(SIGKILL);
      return 0;
    });
    std::vector<std::string> left;
    for (const std::string& site : {sites.unified, sites.memory_v1, sites.pids_v1}) {
      if (site.empty()) continue;
      for (const auto& entry : fs::directory_iterator(site))
        if (entry.path().filename().string().find("ullage-test-" + what) == 0) left.push_back(entry.path());
    }
    return left;
  }
};

TEST_F(StaleCages, OfDeadRunsAreRemovedAndThoseOfLivingOnesStay) {
  const Cage living = prepare(own_sites(), "living", {.memory_bytes = 64 * kMiB, .processes = 9});
  const auto left = abandon("dead", {});
  if (left.empty()) GTEST_SKIP() << "no cgroup that we may write to";
  EXPECT_GE(remove_stale_cages(OsRoot::live(), own_sites()), static_cast<int>(left.size()));
  for (const std::string& folder : left) EXPECT_FALSE(file_exists(folder)) << folder;
  for (const std::string& folder : {living.unified_folder(), living.memory_v1_folder()})
    EXPECT_TRUE(folder.empty() || file_exists(folder)) << folder;
}

TEST_F(StaleCages, InWhichSomebodyLivesStay) {
  const auto left = abandon("populated", {"/bin/sleep", "60"});
  if (left.empty()) GTEST_SKIP() << "no cgroup that we may write to";
  remove_stale_cages(OsRoot::live(), own_sites());
  for (const std::string& folder : left) EXPECT_TRUE(file_exists(folder)) << folder;
  // Ours no longer; ended by what the cgroup says lives in it.
  const auto pid = to_signed(read_text(left[0] + "/cgroup.procs"));
  ASSERT_TRUE(pid && *pid > 1);
  const FileDescriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)));
  ::kill(static_cast<pid_t>(*pid), SIGKILL);
  pollfd ended{handle.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ended, 1, 20'000), 1);
  remove_stale_cages(OsRoot::live(), own_sites());
  for (const std::string& folder : left) EXPECT_FALSE(file_exists(folder)) << folder;
}

}  // namespace
}  // namespace ullage::act
