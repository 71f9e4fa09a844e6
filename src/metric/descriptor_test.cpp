// SPDX-License-Identifier: Apache-2.0
#include "metric/descriptor.h"

#include <gtest/gtest.h>

namespace ullage::metric {
namespace {

TEST(Descriptors, OurOwnNamesFollowPrometheusRules) {
  for (const Descriptor& metric : descriptors()) {
    SCOPED_TRACE(metric.name);
    if (metric.name.starts_with("node_")) continue;  // node_exporter's names and texts are as they are
    EXPECT_TRUE(metric.help.ends_with('.'));
    if (!metric.name.starts_with("ullage_")) continue;
    if (metric.name.find("_custom_") != std::string_view::npos) continue;
    EXPECT_EQ(metric.kind == Kind::counter, metric.name.ends_with("_total"));
    EXPECT_TRUE(metric.unit.empty() || metric.name.find(metric.unit) != std::string_view::npos);
  }
}

TEST(Descriptors, AreFoundByName) {
  ASSERT_NE(find_descriptor("node_load1"), nullptr);
  EXPECT_EQ(find_descriptor("node_load1")->kind, Kind::gauge);
  EXPECT_EQ(find_descriptor("node_load"), nullptr);
}

TEST(Descriptors, OfAFamilyStandForItsNames) {
  const Descriptor* unknown_key = find_descriptor("node_memory_Balloon_bytes");
  ASSERT_NE(unknown_key, nullptr);
  EXPECT_EQ(unknown_key->unit, "bytes");
  EXPECT_EQ(help_text(*unknown_key, "node_memory_Balloon_bytes"), "Memory information field Balloon_bytes.");
  // The row of the very name first, then the narrowest family.
  EXPECT_EQ(find_descriptor("node_memory_MemTotal_bytes")->name, "node_memory_MemTotal_bytes");
  EXPECT_EQ(find_descriptor("node_hwmon_fan_max_rpm")->name, "node_hwmon_fan_*_rpm");
  EXPECT_EQ(find_descriptor("node_hwmon_fan_alarm")->name, "node_hwmon_*_alarm");
  EXPECT_EQ(find_descriptor("node_hwmon_fan_div")->name, "node_hwmon_fan_*");
  EXPECT_EQ(find_descriptor("node_memory__bytes"), nullptr);  // a "*" is at least a letter
  EXPECT_EQ(help_text(*find_descriptor("node_load1"), "node_load1"), "1m load average.");
}

}  // namespace
}  // namespace ullage::metric
