// SPDX-License-Identifier: Apache-2.0
#include "sense/hardware/hwmon_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using testing::HasSubstr;

TEST(HwmonCollector, NamesAChipByThePlaceOfItsDevice) {
  Fixture machine({{"/sys/devices/platform/coretemp.0/hwmon/hwmon0/name", "coretemp\n"},
                   {"/sys/devices/platform/coretemp.0/hwmon/hwmon0/temp1_input", "55000\n"},
                   {"/sys/devices/platform/coretemp.0/hwmon/hwmon0/temp1_label", "Package id 0\n"},
                   {"/sys/devices/platform/coretemp.0/hwmon/hwmon0/temp1_crit_alarm", "0\n"},
                   {"/sys/class/hwmon/hwmon1/name", "Acpi-tz\n"},
                   {"/sys/class/hwmon/hwmon1/temp1_input", "-5000\n"}});
  const std::string chip = machine.folder() + "/sys/devices/platform/coretemp.0/hwmon/hwmon0";
  std::filesystem::create_directory_symlink(chip, machine.folder() + "/sys/class/hwmon/hwmon0");
  std::filesystem::create_directory_symlink("../../../coretemp.0", chip + "/device");
  EXPECT_EQ(
      collected<HwmonCollector>(machine),
      "node_hwmon_chip_names{chip=\"platform_coretemp_0\",chip_name=\"coretemp\"} 1\n"
      "node_hwmon_temp_crit_alarm_celsius{chip=\"platform_coretemp_0\",sensor=\"temp1\"} 0\n"
      "node_hwmon_temp_celsius{chip=\"platform_coretemp_0\",sensor=\"temp1\"} 55\n"
      "node_hwmon_sensor_label{chip=\"platform_coretemp_0\",sensor=\"temp1\",label=\"Package id 0\"} 1\n"
      "node_hwmon_chip_names{chip=\"acpi_tz\",chip_name=\"acpi_tz\"} 1\n"
      "node_hwmon_temp_celsius{chip=\"acpi_tz\",sensor=\"temp1\"} -5\n");
}

TEST(HwmonCollector, GivesEachKindInItsBaseUnit) {
  Fixture machine;
  const auto write = [&](const std::string& file, const char* text) {
    machine.write("/sys/class/hwmon/hwmon0/" + file, text);
  };
  for (const auto& [file, text] : {std::pair{"fan1_input", "1200\n"},
                                   {"fan1_alarm", "1\n"},
                                   {"fan1_div", "2\n"},
                                   {"fan1_beep", "1\n"},
                                   {"in0_max", "3060\n"},
                                   {"curr1_input", "2500\n"},
                                   {"power1_average", "15000000\n"},
                                   {"power1_average_interval", "1000\n"},
                                   {"energy1_input", "123456789\n"},
                                   {"pwm1", "128\n"},
                                   {"humidity1_input", "45000\n"},
                                   {"temp1_type", "3\n"},
                                   {"intrusion0_alarm", "1\n"},
                                   {"update_interval", "1500\n"}})
    write(file, text);
  const std::string lines = collected<HwmonCollector>(machine);
  for (const char* line :
       {"node_hwmon_fan_rpm{chip=\"hwmon0\",sensor=\"fan1\"} 1200\n",
        "node_hwmon_fan_alarm{chip=\"hwmon0\",sensor=\"fan1\"} 1\n",
        "node_hwmon_fan_div{chip=\"hwmon0\",sensor=\"fan1\"} 2\n",
        "node_hwmon_fan_beep_enabled{chip=\"hwmon0\",sensor=\"fan1\"} 1\n",
        "node_hwmon_in_max_volts{chip=\"hwmon0\",sensor=\"in0\"} 3.06\n",
        "node_hwmon_curr_amps{chip=\"hwmon0\",sensor=\"curr1\"} 2.5\n",
        "node_hwmon_power_average_watt{chip=\"hwmon0\",sensor=\"power1\"} 15\n",
        "node_hwmon_power_average_interval_seconds{chip=\"hwmon0\",sensor=\"power1\"} 1\n",
        "node_hwmon_energy_joule_total{chip=\"hwmon0\",sensor=\"energy1\"} 123.456789\n",
        "node_hwmon_pwm{chip=\"hwmon0\",sensor=\"pwm1\"} 128\n",
        "node_hwmon_humidity{chip=\"hwmon0\",sensor=\"humidity1\"} 0.045\n",
        "node_hwmon_temp_type{chip=\"hwmon0\",sensor=\"temp1\"} 3\n",
        "node_hwmon_intrusion_alarm{chip=\"hwmon0\",sensor=\"intrusion0\"} 1\n",
        "node_hwmon_update_interval_seconds{chip=\"hwmon0\",sensor=\"update_interval0\"} 1.5\n"})
    EXPECT_THAT(lines, HasSubstr(line));
}

TEST(HwmonCollector, LeavesOutWhatASensorDoesNotTell) {
  const Fixture machine({{"/sys/class/hwmon/hwmon0/temp1_input", ""},
                         {"/sys/class/hwmon/hwmon0/temp2_input", "550"},  // cut
                         {"/sys/class/hwmon/hwmon0/temp3_input", "hot\n"},
                         {"/sys/class/hwmon/hwmon0/uevent", "\n"}});
  EXPECT_EQ(collected<HwmonCollector>(machine), "");
  EXPECT_EQ(collected<HwmonCollector>(Fixture()),
            "error: /sys/class/hwmon: cannot be read; this machine shows no sensors\n");
}

}  // namespace
}  // namespace ullage::sense
