// SPDX-License-Identifier: Apache-2.0
#include "sense/hardware/thermal_zone_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(ThermalZoneCollector, GivesZonesAndWhatCoolsThem) {
  const Fixture machine({{"/sys/class/thermal/cooling_device0/type", "Processor\n"},
                         {"/sys/class/thermal/cooling_device0/cur_state", "1\n"},
                         {"/sys/class/thermal/cooling_device0/max_state", "3\n"},
                         {"/sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n"},
                         {"/sys/class/thermal/thermal_zone0/temp", "49925\n"},
                         {"/sys/class/thermal/thermal_zone1/type", "acpitz\n"},
                         {"/sys/class/thermal/thermal_zone1/temp", "-44000\n"},
                         {"/sys/class/thermal/thermal_zone2/type", "iwlwifi\n"},  // asleep: no temp
                         {"/sys/class/thermal/thermal_zone3/temp", "49"}});       // cut
  EXPECT_EQ(collected<ThermalZoneCollector>(machine),
            "node_cooling_device_cur_state{name=\"0\",type=\"Processor\"} 1\n"
            "node_cooling_device_max_state{name=\"0\",type=\"Processor\"} 3\n"
            "node_thermal_zone_temp{zone=\"0\",type=\"x86_pkg_temp\"} 49.925\n"
            "node_thermal_zone_temp{zone=\"1\",type=\"acpitz\"} -44\n");
  EXPECT_EQ(collected<ThermalZoneCollector>(Fixture()), "error: /sys/class/thermal: cannot be read\n");
}

}  // namespace
}  // namespace ullage::sense
