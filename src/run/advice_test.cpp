// SPDX-License-Identifier: Apache-2.0
#include "run/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "run/figures.h"
#include "run/record.h"

namespace ullage::run {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kMi = 1024.0 * 1024, kGi = 1024 * kMi;

std::vector<std::string> ids(const Figures& figures) {
  std::vector<std::string> out;
  for (const Advice& advice : advise(figures)) {
    // No advice without a number behind it, nor without a place to look.
    EXPECT_NE(advice.evidence.find_first_of("0123456789"), std::string::npos) << advice.id;
    EXPECT_TRUE(advice.anchor.starts_with("#") || advice.anchor.starts_with("docs/")) << advice.id;
    EXPECT_FALSE(advice.text.empty());
    out.push_back(advice.id);
  }
  return out;
}

// Two cores of a machine of four, well used, for five minutes.
Figures healthy() {
  Figures f;
  f.wall_seconds = 300;
  f.cores_available = 4;
  f.cpu_seconds = 1000;
  f.system_seconds = 40;
  f.cores_mean = 3.3;
  f.cores_p95 = 3.9;
  f.machine_idle_cores = 0.5;
  f.run_queue_wait_seconds = 30;
  f.throttled_seconds = 0;
  f.peak_bytes = 1.2 * kGi;
  f.limit_bytes = 2 * kGi;
  f.limit_is_set = true;
  f.limit_source = "--memory";
  f.swap_peak_bytes = 0;
  f.read_bytes = 100 * kMi;
  f.written_bytes = 10 * kMi;
  f.pressure_scope = "cgroup";
  f.io_some_seconds = 3;
  f.io_full_seconds = 1;
  f.memory_full_seconds = 0;
  f.processes_total = 5;
  f.processes_peak = 4;
  f.threads_peak = 8;
  f.largest_process = "python3 (1234)";
  f.largest_process_bytes = 1.0 * kGi;
  return f;
}

TEST(Advice, NoneOnAHealthyRun) { EXPECT_THAT(ids(healthy()), IsEmpty()); }

TEST(Advice, NoneWhereNothingIsKnown) { EXPECT_THAT(ids(Figures{}), IsEmpty()); }

TEST(Advice, NoneOnTrue) {
  Figures f;
  f.wall_seconds = 0.004;
  f.cores_available = 2;
  f.cpu_seconds = 0.003;
  f.system_seconds = 0.003;
  f.cores_mean = 0.75;
  f.peak_bytes = 1.5 * kMi;
  f.limit_bytes = 4 * kGi;
  f.limit_is_set = true;
  f.processes_total = f.processes_peak = 1;
  f.largest_process = "true (9)";
  f.largest_process_bytes = 1.5 * kMi;
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, NoneOnAnIdleSleep) {
  Figures f;
  f.wall_seconds = 3600;
  f.cores_available = 8;
  f.cpu_seconds = 0.002;
  f.system_seconds = 0.001;
  f.cores_mean = 0;
  f.cores_p95 = 0;
  f.machine_idle_cores = 7.9;
  f.run_queue_wait_seconds = 0.001;
  f.peak_bytes = 1 * kMi;
  f.limit_bytes = 16 * kGi;  // the machine's
  f.processes_total = f.processes_peak = 1;
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, NoneOnMakeWithMoreJobsThanCores) {
  Figures f = healthy();
  f.cores_mean = 3.9;
  f.cores_p95 = 4;
  f.machine_idle_cores = 0.1;
  f.cpu_seconds = 1170;
  f.system_seconds = 150;
  f.run_queue_wait_seconds = 900;  // eight compilers on four cores queue; no core stands idle
  f.processes_total = 1200;
  f.processes_peak = 25;
  f.io_some_seconds = 20;
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, LimitTooSmall) {
  Figures f = healthy();
  f.peak_bytes = 1.95 * kGi;
  f.largest_process_bytes = 0.5 * kGi;
  EXPECT_THAT(ids(f), ElementsAre("memory_limit_too_small"));
  f.limit_is_set = false;  // near the machine's size is the machine's business
  EXPECT_THAT(ids(f), IsEmpty());
  f.oom_killed = true;
  f.enough_bytes = 3 * kGi;
  EXPECT_THAT(ids(f), ElementsAre("memory_limit_too_small"));
  EXPECT_EQ(advise(f)[0].text, "Give it 3.00 GiB, or make it need less: it ran out of memory.");
}

// A writer of a large file was told to raise a limit that the kernel would never have killed it for.
TEST(Advice, DirtyPageCacheMakesNoLimitTooSmall) {
  Figures f = healthy();
  f.peak_bytes = 1.98 * kGi;
  f.largest_process_bytes = 0.5 * kGi;
  f.peak_without_dirty_bytes = 0.3 * kGi;
  EXPECT_THAT(ids(f), IsEmpty());
  f.peak_without_dirty_bytes = 1.96 * kGi;
  EXPECT_THAT(ids(f), ElementsAre("memory_limit_too_small"));
}

TEST(Advice, LimitFarTooLarge) {
  Figures f = healthy();
  f.limit_bytes = 16 * kGi;
  EXPECT_THAT(ids(f), ElementsAre("memory_limit_too_large"));
  f.limit_is_set = false;  // nobody asked for the machine's 16 GiB
  EXPECT_THAT(ids(f), IsEmpty());
  f.limit_is_set = true;
  f.wall_seconds = 5;  // too short to know
  EXPECT_THAT(ids(f), IsEmpty());
  f = healthy();
  f.peak_bytes = 20 * kMi;
  f.limit_bytes = 256 * kMi;  // a small limit is not worth a word
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, CpusFarTooMany) {
  Figures f = healthy();
  f.cores_limit_asked = 8;
  EXPECT_THAT(ids(f), ElementsAre("cpus_too_large"));
  f.cores_limit_asked = 4;
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, GrowthWithoutAPlateau) {
  Figures f = healthy();
  f.growth = MemoryGrowth{.bytes_per_second = 2 * kMi,
                          .since_seconds = f.wall_seconds - 200,
                          .level_bytes = 1200 * kMi,
                          .seconds_to_limit = 420.0};
  EXPECT_THAT(ids(f), ElementsAre("memory_growth"));
  EXPECT_EQ(advise(f)[0].evidence,
            "120 MiB a minute over the last 3m 20s, 1.17 GiB at the end; at that rate 2.00 GiB is reached 7m "
            "00s later");
  EXPECT_TRUE(grew_to_the_end(f));
  f.growth.reset();  // it levelled off
  EXPECT_THAT(ids(f), IsEmpty());
  EXPECT_FALSE(grew_to_the_end(f));
}

TEST(Advice, OneProcessHoldsMostOnlyWhenMemoryIsShort) {
  Figures f = healthy();
  f.peak_bytes = 1.8 * kGi;
  f.largest_process_bytes = 1.6 * kGi;
  EXPECT_THAT(ids(f), ElementsAre("one_process_holds_most"));
  f.processes_peak = 1;  // there is no other
  EXPECT_THAT(ids(f), IsEmpty());
  f.processes_peak = 4;
  f.limit_bytes = 4 * kGi;  // plenty
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, Swapping) {
  Figures f = healthy();
  f.swap_peak_bytes = 300 * kMi;
  EXPECT_THAT(ids(f), ElementsAre("swapping"));
  f.swap_peak_bytes = 3 * kMi;  // a few idle pages
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, MemoryPressure) {
  Figures f = healthy();
  f.memory_full_seconds = 60;
  EXPECT_THAT(ids(f), ElementsAre("memory_pressure"));
  f.pressure_scope = "machine";  // somebody else's
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, Throttled) {
  Figures f = healthy();
  f.throttled_seconds = 60;
  EXPECT_THAT(ids(f), ElementsAre("throttled"));
  f.throttled_seconds = 2;  // under a hundredth of the time
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, WaitsOnIo) {
  Figures f = healthy();
  f.io_some_seconds = 120;
  f.io_full_seconds = 80;
  EXPECT_THAT(ids(f), ElementsAre("waits_on_io"));
  f.pressure_scope = "machine";
  EXPECT_THAT(ids(f), ElementsAre("waits_on_io"));
  f.read_bytes = f.written_bytes = 0;  // the disk is busy with somebody else's work
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, IdleCoresWhileThreadsQueue) {
  Figures f = healthy();
  f.cores_available = 1;
  f.cores_mean = 1;
  f.machine_idle_cores = 3;
  f.cpu_seconds = 300;
  f.run_queue_wait_seconds = 500;
  EXPECT_THAT(ids(f), ElementsAre("idle_cores"));
  f.machine_idle_cores = 0.2;  // nowhere to go
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, OneCoreDoesAllTheWork) {
  Figures f = healthy();
  f.cores_mean = 0.99;
  f.cores_p95 = 1.01;
  f.machine_idle_cores = 2.9;
  EXPECT_THAT(ids(f), ElementsAre("one_core"));
  f.wall_seconds = 20;  // not worth splitting
  EXPECT_THAT(ids(f), IsEmpty());
  f = healthy();
  f.cores_mean = 1;
  f.cores_p95 = 4;  // serial here, parallel there
  f.machine_idle_cores = 2.9;
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, ManyShortProcesses) {
  Figures f = healthy();
  f.wall_seconds = 12;
  f.processes_total = 3000;
  f.cpu_seconds = 15;
  f.system_seconds = 9;
  f.io_some_seconds = f.io_full_seconds = 0;
  EXPECT_THAT(ids(f), ElementsAre("many_short_processes"));
  f.system_seconds = 3;  // they do work of their own
  EXPECT_THAT(ids(f), IsEmpty());
}

TEST(Advice, EveryRuleIsFoundByItsId) { EXPECT_EQ(advice_ids().size(), 12u); }

}  // namespace
}  // namespace ullage::run
