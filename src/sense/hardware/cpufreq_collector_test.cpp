// SPDX-License-Identifier: Apache-2.0
#include "sense/hardware/cpufreq_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(CpufreqCollector, GivesFrequenciesInHertz) {
  const Fixture machine({{"/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq", "3700000\n"},
                         {"/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "1699981\n"},
                         {"/sys/devices/system/cpu/cpu0/cpufreq/scaling_max_freq", "37"},  // cut
                         {"/sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq", "<unknown>\n"},
                         {"/sys/devices/system/cpu/cpu1/online", "0\n"},
                         {"/sys/devices/system/cpu/cpufreq/boost", "1\n"}});
  EXPECT_EQ(collected<CpufreqCollector>(machine),
            "node_cpu_frequency_max_hertz{cpu=\"0\"} 3700000000\n"
            "node_cpu_scaling_frequency_hertz{cpu=\"0\"} 1699981000\n");
  EXPECT_EQ(collected<CpufreqCollector>(Fixture()), "error: /sys/devices/system/cpu: cannot be read\n");
}

}  // namespace
}  // namespace ullage::sense
