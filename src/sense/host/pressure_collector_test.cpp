// SPDX-License-Identifier: Apache-2.0
#include "sense/host/pressure_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

constexpr const char* kPressure =
    "some avg10=0.99 avg60=0.38 avg300=0.13 total=3500000\n"
    "full avg10=0.65 avg60=0.28 avg300=0.09 total=1250000\n";

TEST(PressureCollector, GivesWaitingAndStalledSeconds) {
  const Fixture machine({{"/proc/pressure/cpu", kPressure},
                         {"/proc/pressure/io", kPressure},
                         {"/proc/pressure/memory", kPressure},
                         {"/proc/pressure/irq", "full avg10=0.00 avg60=0.00 avg300=0.00 total=2000000\n"}});
  EXPECT_EQ(collected<PressureCollector>(machine),
            "node_pressure_cpu_waiting_seconds_total 3.5\n"
            "node_pressure_io_waiting_seconds_total 3.5\n"
            "node_pressure_io_stalled_seconds_total 1.25\n"
            "node_pressure_memory_waiting_seconds_total 3.5\n"
            "node_pressure_memory_stalled_seconds_total 1.25\n"
            "node_pressure_irq_stalled_seconds_total 2\n");
}

TEST(PressureCollector, GivesWhatIsThere) {
  const Fixture machine({{"/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000000\n"},
                         {"/proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=10"}});
  EXPECT_EQ(collected<PressureCollector>(machine), "node_pressure_cpu_waiting_seconds_total 1\n");
  EXPECT_EQ(collected<PressureCollector>(Fixture()),
            "error: /proc/pressure: cannot be read; the kernel needs CONFIG_PSI, and psi=1 on some\n");
}

}  // namespace
}  // namespace ullage::sense
