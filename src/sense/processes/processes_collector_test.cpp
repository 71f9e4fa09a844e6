// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/processes_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>

#include "base/clock.h"
#include "metric/descriptor.h"
#include "sense/collector_fixture.h"
#include "sense/fixture.h"
#include "sense/processes/process_fixture.h"

namespace ullage::sense {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr ProcessesOptions kOptions = {.table = {.open_file_limit = 0}};

TEST(ProcessesCollector, WritesGroupsProcessesAndCounts) {
  FixtureMachine machine;
  machine.process({.pid = 1, .parent = 0, .name = "init", .user_id = 0});
  machine.process({.pid = 40, .name = "nginx", .user_ticks = 150, .cgroup = "/system.slice/nginx.service"});
  machine.process({.pid = 41, .name = "nginx", .user_ticks = 50, .cgroup = "/system.slice/nginx.service"});
  const ManualClock clock;
  ProcessesCollector collector(machine.root(), kOptions, clock);
  const std::string lines = collect_lines(collector);
  EXPECT_THAT(lines, HasSubstr("ullage_processes 3\n"));
  EXPECT_THAT(lines, HasSubstr("ullage_processes_hidden{part=\"all\"} 0\n"));
  EXPECT_THAT(lines,
              HasSubstr("ullage_group_processes{group=\"nginx\",unit=\"nginx.service\",user=\"anna\"} 2\n"));
  EXPECT_THAT(lines, HasSubstr("ullage_group_cpu_seconds_total{group=\"nginx\",unit=\"nginx.service\","
                               "user=\"anna\",mode=\"user\"} 2\n"));
  EXPECT_THAT(lines, HasSubstr("ullage_group_processes{group=\"init\",user=\"root\"} 1\n"));
  EXPECT_THAT(lines, HasSubstr("ullage_group_processes{group=\"others\"} 0\n"));
  EXPECT_THAT(lines, HasSubstr("ullage_process_cpu_seconds_total{pid=\"40\",name=\"nginx\",user=\"anna\","
                               "group=\"nginx\",mode=\"user\"} 1.5\n"));
  // Nothing but the PSS of processes whose mappings cannot be read may be missing.
  EXPECT_THAT(lines, Not(HasSubstr("proportional")));
  EXPECT_EQ(collector.rows().size(), 3u);
}

TEST(ProcessesCollector, EveryMetricItWritesIsDescribed) {
  FixtureMachine machine;
  machine.process({.pid = 40});
  ManualClock clock;
  ProcessesCollector collector(machine.root(), kOptions, clock);
  std::string lines;
  for (int second = 0; second < 70; ++second, clock.advance(std::chrono::seconds(1)))
    lines = collect_lines(collector);
  EXPECT_THAT(lines, HasSubstr("ullage_process_growth_bytes_per_minute"));
  EXPECT_THAT(lines, HasSubstr("ullage_group_growth_bytes_per_minute"));
  for (std::size_t at = 0; at < lines.size(); at = lines.find('\n', at) + 1) {
    const std::string name = lines.substr(at, lines.find_first_of("{ ", at) - at);
    EXPECT_NE(metric::find_descriptor(name), nullptr) << name;
  }
}

TEST(ProcessesCollector, BoundsTheProcessesThatHaveSeries) {
  FixtureMachine machine;
  for (int pid = 100; pid < 200; ++pid) machine.process({.pid = pid, .anonymous_kib = pid});
  const ManualClock clock;
  ProcessesCollector collector(machine.root(), {.table = {.open_file_limit = 0}, .processes = 10}, clock);
  const std::string lines = collect_lines(collector);
  std::size_t count = 0;
  for (std::size_t at = 0; (at = lines.find("ullage_process_threads{", at)) != std::string::npos; ++at)
    ++count;
  EXPECT_GE(count, 8u);
  EXPECT_LE(count, 10u);
  EXPECT_THAT(lines, HasSubstr("pid=\"199\""));
  EXPECT_THAT(lines, Not(HasSubstr("pid=\"150\"")));
}

TEST(ProcessesCollector, WhatLivesForSecondsHasNoSeriesUnlessItIsLarge) {
  FixtureMachine machine;
  machine.process({.pid = 40});
  ManualClock clock;
  ProcessesCollector collector(machine.root(), kOptions, clock);
  EXPECT_THAT(collect_lines(collector), HasSubstr("ullage_process_threads{pid=\"40\""));
  machine.process({.pid = 50});
  machine.process({.pid = 60, .anonymous_kib = 100 << 10});
  clock.advance(std::chrono::seconds(1));
  const std::string at_once = collect_lines(collector);
  EXPECT_THAT(at_once, HasSubstr("ullage_processes 3\n"));
  EXPECT_THAT(at_once, Not(HasSubstr("pid=\"50\"")));
  EXPECT_THAT(at_once, HasSubstr("pid=\"60\""));
  clock.advance(std::chrono::seconds(10));
  EXPECT_THAT(collect_lines(collector), HasSubstr("pid=\"50\""));
}

TEST(ProcessesCollector, SaysThatNothingCanBeRead) {
  const Fixture machine;
  const ManualClock clock;
  ProcessesCollector collector(machine.root(), kOptions, clock);
  EXPECT_EQ(collect_lines(collector), "error: /proc: no process can be read\n");
}

}  // namespace
}  // namespace ullage::sense
