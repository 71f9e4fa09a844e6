// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/cgroups_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

constexpr std::string_view kV2Mount = "35 24 0:30 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n";

// The lines of one metric.
std::string only(std::string_view metric, const std::string& lines) {
  std::string kept;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = lines.find('\n', at) + 1;
    if (lines.compare(at, metric.size(), metric) == 0) kept += lines.substr(at, end - at);
    at = end;
  }
  return kept;
}

TEST(CgroupsCollector, NamesEveryCgroupOfV2ByItsPath) {
  const Fixture machine{
      {"/proc/self/mountinfo", kV2Mount},
      {"/sys/fs/cgroup/cpu.stat", "usage_usec 9000000\n"},
      {"/sys/fs/cgroup/system.slice/memory.current", "3000\n"},
      {"/sys/fs/cgroup/system.slice/cron.service/memory.current", "1000\n"},
      {"/sys/fs/cgroup/system.slice/cron.service/memory.stat", "anon 700\ninactive_file 100\n"},
      {"/sys/fs/cgroup/system.slice/cron.service/cpu.stat", "usage_usec 2500000\n"}};
  const ManualClock clock;
  CgroupsCollector collector(machine.root(), {}, clock);
  const std::string lines = collect_lines(collector);
  EXPECT_EQ(only("container_memory_usage_bytes", lines),
            "container_memory_usage_bytes{id=\"/system.slice\"} 3000\n"
            "container_memory_usage_bytes{id=\"/system.slice/cron.service\"} 1000\n");
  EXPECT_EQ(only("container_memory_working_set_bytes", lines),
            "container_memory_working_set_bytes{id=\"/system.slice/cron.service\"} 900\n");
  EXPECT_EQ(only("container_cpu_usage_seconds_total", lines),
            "container_cpu_usage_seconds_total{id=\"/\"} 9\n"
            "container_cpu_usage_seconds_total{id=\"/system.slice/cron.service\"} 2.5\n");
  EXPECT_EQ(only("ullage_cgroups", lines), "ullage_cgroups 3\nullage_cgroups_left_out 0\n");
}

TEST(CgroupsCollector, PutsTheHierarchiesOfV1Together) {
  const Fixture machine{{"/proc/self/mountinfo",
                         "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                         "33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
                         "34 31 0:31 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n"},
                        {"/sys/fs/cgroup/memory/docker/a/memory.usage_in_bytes", "4096\n"},
                        {"/sys/fs/cgroup/cpu,cpuacct/docker/a/cpuacct.usage", "1500000000\n"},
                        {"/sys/fs/cgroup/systemd/only-here/cgroup.procs", ""}};
  const ManualClock clock;
  CgroupsCollector collector(machine.root(), {}, clock);
  const std::string lines = collect_lines(collector);
  EXPECT_EQ(only("container_memory_usage_bytes", lines),
            "container_memory_usage_bytes{id=\"/docker/a\"} 4096\n");
  EXPECT_EQ(only("container_cpu_usage_seconds_total", lines),
            "container_cpu_usage_seconds_total{id=\"/docker/a\"} 1.5\n");
  EXPECT_EQ(only("ullage_cgroups ", lines), "ullage_cgroups 3\n");
}

TEST(CgroupsCollector, TellsNameAndImageOfAContainer) {
  const std::string id = "1a2b3c4d5e6f" + std::string(52, '0');
  Fixture machine{{"/proc/self/mountinfo", kV2Mount}};
  const std::string folder = "/sys/fs/cgroup/system.slice/docker-" + id + ".scope";
  machine.write(folder + "/pids.current", "5\n");
  const ManualClock clock;
  {
    CgroupsCollector collector(machine.root(), {}, clock);
    EXPECT_THAT(collect_lines(collector), HasSubstr("container_processes{id=\"/system.slice/docker-" + id +
                                                    ".scope\",name=\"1a2b3c4d5e6f\"} 5\n"));
  }
  machine.write("/var/lib/docker/containers/" + id + "/config.v2.json",
                R"({"Name":"/web","Config":{"Image":"nginx"}})");
  CgroupsCollector collector(machine.root(), {}, clock);
  EXPECT_THAT(collect_lines(collector), HasSubstr("name=\"web\",image=\"nginx\"} 5\n"));
}

TEST(CgroupsCollector, FindsWhatIsNewAndForgetsWhatIsGoneWithinSeconds) {
  Fixture machine{{"/proc/self/mountinfo", kV2Mount}, {"/sys/fs/cgroup/a/pids.current", "1\n"}};
  ManualClock clock;
  CgroupsCollector collector(machine.root(), {}, clock);
  EXPECT_EQ(only("container_processes", collect_lines(collector)), "container_processes{id=\"/a\"} 1\n");
  machine.write("/sys/fs/cgroup/b/pids.current", "2\n");
  machine.remove("/sys/fs/cgroup/a");
  clock.advance(seconds(1));
  EXPECT_EQ(only("container_processes", collect_lines(collector)), "");
  clock.advance(seconds(1));
  EXPECT_EQ(only("container_processes", collect_lines(collector)), "container_processes{id=\"/b\"} 2\n");
}

TEST(CgroupsCollector, AnotherOneUnderTheSameNameIsReadAnew) {
  Fixture machine{{"/proc/self/mountinfo", kV2Mount},
                  {"/sys/fs/cgroup/job/cpu.stat", "usage_usec 9000000\n"},
                  {"/sys/fs/cgroup/job/memory.peak", "5000\n"}};
  ManualClock clock;
  CgroupsCollector collector(machine.root(), {}, clock);
  EXPECT_EQ(only("container_cpu_usage", collect_lines(collector)),
            "container_cpu_usage_seconds_total{id=\"/job\"} 9\n");
  machine.remove("/sys/fs/cgroup/job");
  machine.write("/sys/fs/cgroup/job/cpu.stat", "usage_usec 1000000\n");
  clock.advance(seconds(1));
  collect_lines(collector);
  clock.advance(seconds(1));
  const std::string lines = collect_lines(collector);
  EXPECT_EQ(only("container_cpu_usage", lines), "container_cpu_usage_seconds_total{id=\"/job\"} 1\n");
  EXPECT_EQ(only("container_memory_max_usage", lines), "");
}

TEST(CgroupsCollector, WhatIsIdleIsReadAgainAfterSomeSeconds) {
  Fixture machine{{"/proc/self/mountinfo", kV2Mount}, {"/sys/fs/cgroup/a/memory.current", "1\n"}};
  ManualClock clock;
  CgroupsCollector collector(machine.root(), {}, clock);
  for (int second = 0; second < 30; ++second, clock.advance(seconds(1))) collect_lines(collector);
  machine.write("/sys/fs/cgroup/a/memory.current", "2\n");
  int waited = 0;
  for (; waited < 10; ++waited, clock.advance(seconds(1)))
    if (collect_lines(collector).find("container_memory_usage_bytes{id=\"/a\"} 2\n") != std::string::npos)
      break;
  EXPECT_LE(waited, 4);
}

TEST(CgroupsCollector, LeavesTheDeepestOutBeyondItsBound) {
  Fixture machine{{"/proc/self/mountinfo", kV2Mount}};
  for (int i = 0; i < 20; ++i)
    machine.write("/sys/fs/cgroup/a" + std::to_string(i) + "/deep/pids.current", "1\n");
  const ManualClock clock;
  CgroupsCollector collector(machine.root(), {.cgroups = 21}, clock);
  const std::string lines = collect_lines(collector);
  EXPECT_EQ(only("ullage_cgroups", lines), "ullage_cgroups 21\nullage_cgroups_left_out 20\n");
  EXPECT_EQ(only("container_processes", lines), "");
}

std::ptrdiff_t open_files() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

TEST(CgroupsCollector, LeavesDescriptorsToOthers) {
  Fixture machine{{"/proc/self/mountinfo", kV2Mount}};
  constexpr int kCgroups = 30;
  constexpr rlim_t kKeptOpen = 2;
  for (int i = 0; i < kCgroups; ++i)
    for (const std::string_view file : {"/memory.current", "/cpu.stat", "/memory.stat"})
      machine.write("/sys/fs/cgroup/" + std::to_string(i) + std::string(file), "1\n");
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit few{.rlim_cur = kKeptOpen * 8 * 16, .rlim_max = files.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  ManualClock clock;
  CgroupsCollector collector(machine.root(), {}, clock);
  const std::ptrdiff_t before = open_files();
  for (int reading = 0; reading < 3; ++reading) {
    EXPECT_NE(collect_lines(collector).find("ullage_cgroups " + std::to_string(kCgroups + 1)),
              std::string::npos);
    EXPECT_LE(static_cast<rlim_t>(open_files() - before), 3 * kKeptOpen);
    clock.advance(seconds(1));
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
}

TEST(CgroupsCollector, SaysThatThereAreNone) {
  const Fixture machine{{"/proc/self/mountinfo", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"}};
  const ManualClock clock;
  CgroupsCollector collector(machine.root(), {}, clock);
  EXPECT_EQ(collect_lines(collector), "error: /proc/self/mountinfo: no cgroup file system is mounted\n");
}

}  // namespace
}  // namespace ullage::sense
