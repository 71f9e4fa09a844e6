// SPDX-License-Identifier: Apache-2.0
#include "sense/host/stat_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using testing::HasSubstr;

TEST(StatCollector, GivesTheTimesOfEachProcessorAndTheCounts) {
  const Fixture machine({{"/proc/stat",
                          "cpu  300 0 0 0 0 0 0 0 0 0\n"
                          "cpu1 100 2 30 4000 50 6 7 8 9 10\n"
                          "intr 12345 0 9 0\n"
                          "ctxt 678\n"
                          "btime 1700000000\n"
                          "processes 90\n"
                          "procs_running 2\n"
                          "procs_blocked 1\n"
                          "softirq 5 1 2\n"}});
  EXPECT_EQ(collected<StatCollector>(machine),
            "node_cpu_seconds_total{cpu=\"1\",mode=\"user\"} 1\n"
            "node_cpu_seconds_total{cpu=\"1\",mode=\"nice\"} 0.02\n"
            "node_cpu_seconds_total{cpu=\"1\",mode=\"system\"} 0.3\n"
            "node_cpu_seconds_total{cpu=\"1\",mode=\"idle\"} 40\n"
            "node_cpu_seconds_total{cpu=\"1\",mode=\"iowait\"} 0.5\n"
            "node_cpu_seconds_total{cpu=\"1\",mode=\"irq\"} 0.06\n"
            "node_cpu_seconds_total{cpu=\"1\",mode=\"softirq\"} 0.07\n"
            "node_cpu_seconds_total{cpu=\"1\",mode=\"steal\"} 0.08\n"
            "node_cpu_guest_seconds_total{cpu=\"1\",mode=\"user\"} 0.09\n"
            "node_cpu_guest_seconds_total{cpu=\"1\",mode=\"nice\"} 0.1\n"
            "node_intr_total 12345\n"
            "node_context_switches_total 678\n"
            "node_boot_time_seconds 1700000000\n"
            "node_forks_total 90\n"
            "node_procs_running 2\n"
            "node_procs_blocked 1\n");
}

// The kernel's I/O wait of a processor is an estimate that shrinks now and then.
TEST(StatCollector, KeepsATimeThatGoesBackALittle) {
  Fixture machine({{"/proc/stat", "cpu0 0 0 0 0 500 0 0 0 0 0\n"}});
  StatCollector collector(machine.root());
  collect_lines(collector);
  machine.write("/proc/stat", "cpu0 0 0 0 0 499 0 0 0 0 0\n");
  EXPECT_THAT(collect_lines(collector), HasSubstr("mode=\"iowait\"} 5\n"));
  machine.write("/proc/stat", "cpu0 0 0 0 0 100 0 0 0 0 0\n");  // the processor was taken out and put back
  EXPECT_THAT(collect_lines(collector), HasSubstr("mode=\"iowait\"} 1\n"));
}

TEST(StatCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<StatCollector>(Fixture()), "error: /proc/stat: cannot be read\n");
  EXPECT_EQ(collected<StatCollector>(Fixture({{"/proc/stat", "ctxt 12"}})),
            "error: /proc/stat: it is cut short\n");
  EXPECT_EQ(collected<StatCollector>(Fixture({{"/proc/stat", "cpu0 1 2 x 4 5 6 7 8\n"}})),
            "error: /proc/stat: not times of a processor: 'cpu0 1 2 x 4 5 6 7 8'\n");
  EXPECT_EQ(collected<StatCollector>(Fixture({{"/proc/stat", "ctxt -1\n"}})),
            "error: /proc/stat: not a count: 'ctxt -1'\n");
}

}  // namespace
}  // namespace ullage::sense
