// SPDX-License-Identifier: Apache-2.0
// The collector over this machine's own cgroups, with one that is made, removed and made again here.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"
#include "sense/cgroup/cgroup_tree.h"
#include "sense/cgroup/cgroups_collector.h"
#include "sense/collector_fixture.h"

namespace ullage::sense {
namespace {

using std::chrono::seconds;

// At the visible top of the hierarchy that counts memory.
class LiveCgroup : public testing::Test {
 protected:
  void SetUp() override {
    const auto found = find_cgroups(OsRoot::live(), 100'000);
    if (!found || found->cgroups.empty() || found->cgroups[0].place.memory.empty())
      GTEST_SKIP() << "no cgroups that count memory here";
    name_ = "ullage-test-" + std::to_string(::getpid());
    folder_ = found->cgroups[0].place.memory + '/' + name_;
    if (::mkdir(folder_.c_str(), 0755) != 0) GTEST_SKIP() << "may not make a cgroup at " << folder_;
  }
  void TearDown() override { ::rmdir(folder_.c_str()); }
  std::string id_label() const { return "{id=\"/" + name_ + "\"}"; }
  std::string name_, folder_;
};

TEST_F(LiveCgroup, IsFoundReadRemovedAndFoundAgain) {
  ManualClock clock;
  CgroupsCollector collector(OsRoot::live(), {.cgroups = 100'000}, clock);
  const auto has = [&] { return collect_lines(collector).find("container_memory_usage_bytes" + id_label()); };
  EXPECT_NE(has(), std::string::npos);
  ASSERT_EQ(::rmdir(folder_.c_str()), 0);
  clock.advance(seconds(1));
  EXPECT_EQ(has(), std::string::npos);
  ASSERT_EQ(::mkdir(folder_.c_str(), 0755), 0);
  clock.advance(seconds(6));
  EXPECT_NE(has(), std::string::npos);
}

TEST_F(LiveCgroup, TellsTheMemoryOfTheProcessesInIt) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!write_kernel_file(folder_ + "/cgroup.procs", std::to_string(::getpid()))) ::_exit(1);
    const std::string memory(32 << 20, 'x');
    ::kill(::getpid(), SIGSTOP);
    ::_exit(memory.back() == 'x' ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, WUNTRACED), pid);
  if (WIFSTOPPED(status)) {
    const ManualClock clock;
    CgroupsCollector collector(OsRoot::live(), {.cgroups = 100'000}, clock);
    const std::string lines = collect_lines(collector);
    const std::string metric = "container_memory_rss" + id_label() + ' ';
    const std::size_t at = lines.find(metric);
    EXPECT_NE(at, std::string::npos);
    const auto digits = lines.substr(at + metric.size(), lines.find('\n', at) - at - metric.size());
    EXPECT_GE(to_double(digits).value_or(0), 32 << 20) << digits;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, &status, 0);
  } else {
    ADD_FAILURE() << "the process could not enter the cgroup";
  }
}

}  // namespace
}  // namespace ullage::sense
