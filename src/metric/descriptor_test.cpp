// SPDX-License-Identifier: Apache-2.0
#include "metric/descriptor.h"

#include <gtest/gtest.h>

namespace ullage::metric {
namespace {

TEST(Descriptors, OurOwnNamesFollowPrometheusRules) {
  for (const Descriptor& metric : descriptors()) {
    SCOPED_TRACE(metric.name);
    EXPECT_TRUE(metric.help.ends_with('.'));
    if (!metric.name.starts_with("ullage_")) continue;  // other people's names are as they are
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

}  // namespace
}  // namespace ullage::metric
