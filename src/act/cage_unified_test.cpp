// SPDX-License-Identifier: Apache-2.0
// Where a run's cgroup v2 may stand: needs a v2 root with the controllers, to build trees in. tests/vm has
// one.
#include <gmock/gmock.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "act/cage.h"
#include "act/child.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"

namespace ullage::act {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::uint64_t kMiB = 1u << 20;
constexpr uid_t kNobody = 65534;
const std::string kRoot = "/sys/fs/cgroup";

std::string read_text(const std::string& path) {
  const auto text = read_file(path);
  return text ? std::string(trim(*text)) : "(" + text.error().text() + ")";
}
void write_text(const std::string& path, const std::string& text) {
  const auto written = write_kernel_file(path, text);
  EXPECT_TRUE(written) << written.error().text();
}

// A tree of cgroups for one test. Each test's body runs in a process of its own that is moved into a folder
// of it; the tree goes when the test ends.
class UnifiedTree : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to build cgroups";
    if (!file_exists(kRoot + "/cgroup.controllers")) GTEST_SKIP() << "/sys/fs/cgroup is no cgroup v2 here";
    for (const char* controller : {"memory", "cpu", "pids"})
      if (!write_kernel_file(kRoot + "/cgroup.subtree_control", std::string("+") + controller))
        GTEST_SKIP() << "the root of cgroup v2 cannot hand out " << controller;
    tree_ = folder(kRoot + "/test-" + std::to_string(::getpid()));
  }
  void TearDown() override {
    for (auto made = made_.rbegin(); made != made_.rend(); ++made) {
      (void)write_kernel_file(*made + "/cgroup.kill", "1");
      for (int i = 0; i < 2000 && ::rmdir(made->c_str()) != 0 && errno == EBUSY; ++i) ::poll(nullptr, 0, 1);
    }
  }
  std::string folder(const std::string& path) {
    EXPECT_EQ(::mkdir(path.c_str(), 0755), 0) << path;
    made_.push_back(path);
    return path;
  }
  void enable_all(const std::string& path) {
    write_text(path + "/cgroup.subtree_control", "+memory +cpu +pids");
  }

  static bool all_hold(const std::string& own, const std::function<void()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      write_text(own + "/cgroup.procs", std::to_string(::getpid()));
      body();
      ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  static Cage prepare(const std::string& own, const LimitRequest& request) {
    return Cage::prepare(OsRoot::live(), {.unified = own, .memory_v1 = own, .cpu_v1 = own, .pids_v1 = own},
                         "test", request);
  }
  static LimitRequest all_limits() { return {.memory_bytes = 64 * kMiB, .cores = 0.5, .processes = 20}; }
  static void expect_all_by_v2(const Cage& cage) {
    EXPECT_EQ(cage.limits().size(), 3u);
    for (const HeldLimit& limit : cage.limits()) {
      EXPECT_EQ(limit.mechanism, Mechanism::cgroup_v2) << limit.resource << ": " << limit.problem;
      EXPECT_EQ(limit.got, limit.asked);
    }
  }
  static std::optional<ExitStatus> run(const Cage& cage, std::vector<std::string> command) {
    ChildSpec spec;
    spec.command = std::move(command);
    spec.environment = {"PATH=/usr/bin:/bin"};
    spec.cgroup_fd = cage.cgroup_fd();
    auto child = Child::prepare(spec).value();
    EXPECT_EQ(child.placement_problem(), "");
    EXPECT_TRUE(child.release());
    siginfo_t ended = {};
    ::waitid(P_PID, static_cast<id_t>(child.pid()), &ended, WEXITED | WNOWAIT);
    return child.try_wait();
  }
  static std::string own_cgroup() { return read_text("/proc/self/cgroup"); }

  std::string tree_;
  std::vector<std::string> made_;
};

TEST_F(UnifiedTree, AloneInOurCgroupWeMakeRoomAndGoBack) {
  EXPECT_TRUE(all_hold(tree_, [this] {
    Cage cage = prepare(tree_, all_limits());
    expect_all_by_v2(cage);
    EXPECT_EQ(cage.unified_folder(), tree_ + "/ullage-test");
    EXPECT_THAT(own_cgroup(), HasSubstr("/ullage-test.supervisor"));
    EXPECT_EQ(run(cage, {"/bin/true"})->code, 0);
    cage.remove();
    EXPECT_EQ("0::" + tree_.substr(kRoot.size()), own_cgroup());
    EXPECT_EQ(read_text(tree_ + "/cgroup.subtree_control"), "");
    EXPECT_FALSE(file_exists(tree_ + "/ullage-test.supervisor"));
  }));
}

TEST_F(UnifiedTree, NotAloneWeTakeTheNearestCgroupThatHandsOutControllers) {
  const std::string own = folder(folder(tree_ + "/middle") + "/own");
  enable_all(tree_);
  EXPECT_TRUE(all_hold(own, [&] {
    const pid_t other = ::fork();
    if (other == 0) {
      ::pause();
      ::_exit(0);
    }
    const Cage cage = prepare(own, all_limits());
    expect_all_by_v2(cage);
    EXPECT_EQ(cage.unified_folder(), tree_ + "/middle/ullage-test");
    EXPECT_EQ(run(cage, {"/bin/true"})->code, 0);
    EXPECT_EQ(run(cage, {"touch_memory", "200", "0"})->signal, SIGKILL);
    EXPECT_EQ(cage.oom_kills(), 1u);
    ::kill(other, SIGKILL);
  }));
}

TEST_F(UnifiedTree, WhatLimitsUsOnTheWayIsCarriedOver) {
  enable_all(tree_);
  const std::string own = folder(tree_ + "/own");
  write_text(own + "/memory.max", std::to_string(40 * kMiB));
  write_text(own + "/cpu.max", "30000 100000");
  EXPECT_TRUE(all_hold(own, [&] {
    const pid_t other = ::fork();
    if (other == 0) {
      ::pause();
      ::_exit(0);
    }
    const Cage cage = prepare(own, {.cores = 0.5, .processes = 20});
    EXPECT_EQ(cage.unified_folder(), tree_ + "/ullage-test");
    EXPECT_EQ(read_text(cage.unified_folder() + "/memory.max"), std::to_string(40 * kMiB));
    EXPECT_EQ(cage.limits()[0].got, 0.3);
    ::kill(other, SIGKILL);
  }));
}

TEST_F(UnifiedTree, ALimitThatCannotBeCarriedOverIsNotEscaped) {
  enable_all(tree_);
  (void)write_kernel_file(kRoot + "/cgroup.subtree_control", "+cpuset");
  if (!write_kernel_file(tree_ + "/cgroup.subtree_control", "+cpuset"))
    GTEST_SKIP() << "no cpuset controller";
  const std::string own = folder(tree_ + "/own");
  write_text(own + "/cpuset.cpus", "0");
  EXPECT_TRUE(all_hold(own, [&] {
    const pid_t other = ::fork();
    if (other == 0) {
      ::pause();
      ::_exit(0);
    }
    const Cage cage = prepare(own, {.memory_bytes = 64 * kMiB});
    EXPECT_EQ(cage.limits()[0].mechanism, Mechanism::supervisor);
    EXPECT_THAT(cage.limits()[0].problem, HasSubstr("would escape its cpuset.cpus"));
    EXPECT_THAT(cage.unified_folder(), StartsWith(own)) << "for its figures";
    ::kill(other, SIGKILL);
  }));
}

TEST_F(UnifiedTree, ARunInsideARunStaysInsideIt) {
  enable_all(tree_);
  const std::string outer = folder(tree_ + "/ullage-outer");
  EXPECT_TRUE(all_hold(outer, [&] {
    const Cage alone = prepare(outer, all_limits());
    expect_all_by_v2(alone);
    EXPECT_THAT(alone.unified_folder(), StartsWith(outer + "/"));
  }));
  EXPECT_TRUE(all_hold(outer, [&] {
    const pid_t other = ::fork();
    if (other == 0) {
      ::pause();
      ::_exit(0);
    }
    const Cage cage = prepare(outer, all_limits());
    EXPECT_EQ(cage.limits()[0].mechanism, Mechanism::supervisor);
    EXPECT_THAT(cage.limits()[0].problem, HasSubstr("holds other processes"));
    ::kill(other, SIGKILL);
  }));
}

TEST_F(UnifiedTree, WithoutLimitsTheRunStaysUnderOurOwn) {
  enable_all(tree_);
  const std::string own = folder(tree_ + "/own");
  EXPECT_TRUE(all_hold(own, [&] {
    Cage cage = prepare(own, {});
    EXPECT_EQ(cage.unified_folder(), own + "/ullage-test");
    EXPECT_EQ(run(cage, {"/bin/true"})->code, 0);
    EXPECT_EQ(cage.oom_kills(), std::nullopt) << "no memory controller below a cgroup with processes";
  }));
}

TEST_F(UnifiedTree, DelegatedToAUserItHoldsAllLimits) {
  enable_all(tree_);
  const std::string user = folder(tree_ + "/user"), own = folder(user + "/own");
  for (const std::string& path : {user, own})
    for (const std::string file : {"", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"})
      EXPECT_EQ(::chown((path + file).c_str(), kNobody, kNobody), 0);
  EXPECT_TRUE(all_hold(own, [&] {
    const pid_t other = ::fork();
    if (other == 0) {
      ::pause();
      ::_exit(0);
    }
    EXPECT_TRUE(::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0);
    Cage cage = prepare(own, all_limits());
    expect_all_by_v2(cage);
    EXPECT_EQ(cage.unified_folder(), user + "/ullage-test");
    EXPECT_EQ(run(cage, {"touch_memory", "200", "0"})->signal, SIGKILL);
    EXPECT_FALSE(write_kernel_file(user + "/memory.max", "max"))
        << "the delegated cgroup's own limit is not the user's";
    EXPECT_TRUE(cage.kill_all());
    ::kill(other, SIGKILL);
  }));
}

TEST_F(UnifiedTree, NotDelegatedAUserIsToldWhere) {
  enable_all(tree_);
  const std::string own = folder(tree_ + "/own");
  EXPECT_TRUE(all_hold(own, [&] {
    EXPECT_TRUE(::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0);
    const Cage cage = prepare(own, all_limits());
    EXPECT_EQ(cage.limits()[0].mechanism, Mechanism::supervisor);
    EXPECT_THAT(cage.limits()[0].problem, HasSubstr(own + " is not ours to write"));
    EXPECT_EQ(cage.cgroup_fd(), -1);
  }));
}

TEST_F(UnifiedTree, ThreadedTreesAreRefused) {
  const std::string own = folder(tree_ + "/own");
  write_text(own + "/cgroup.type", "threaded");
  EXPECT_TRUE(all_hold(tree_, [&] {
    const Cage cage = prepare(own, {});
    EXPECT_EQ(cage.cgroup_fd(), -1);
  }));
}

TEST_F(UnifiedTree, AQuotaThrottlesAndIsCounted) {
  EXPECT_TRUE(all_hold(tree_, [this] {
    const Cage cage = prepare(tree_, {.cores = 0.2});
    EXPECT_EQ(run(cage, {"spin_cpu", "1", "0.1"})->code, 0);
    EXPECT_THAT(read_text(cage.unified_folder() + "/cpu.stat"), Not(HasSubstr("nr_throttled 0\n")));
  }));
}

}  // namespace
}  // namespace ullage::act
