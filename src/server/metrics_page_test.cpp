// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "metric/live_series.h"
#include "metric/series.h"

namespace ullage::server {
namespace {

using testing::HasSubstr;
using testing::Not;

metric::LiveSeries some_series() {
  metric::LiveSeries live(100);
  live.begin(1'000);
  live.add("node_cpu_seconds_total", {{"mode", "old"}}, 1);
  live.begin(2'000);
  live.add("node_cpu_seconds_total", {{"mode", "idle"}}, 12.25);
  live.add("node_load1", 0.5);
  live.add("node_cpu_seconds_total", {{"mode", "user"}}, 1e21);
  live.add("own_value", {{"path", "C:\\\"x\"\n\xff"}}, std::nan(""));
  live.add("own_value", std::numeric_limits<double>::infinity());
  live.add("own.dotted", 1);
  live.add("node_vmstat_oom_kill", 3);
  return live;
}

TEST(MetricsPage, FamiliesStandTogetherWithWhatTheyMean) {
  metric::LiveSeries live = some_series();
  EXPECT_EQ(metrics_text(live, MetricsFormat::plain),
            R"(# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.
# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{mode="idle"} 12.25
node_cpu_seconds_total{mode="user"} 1e+21
# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1 0.5
# HELP node_vmstat_oom_kill Processes killed by the kernel for lack of memory.
# TYPE node_vmstat_oom_kill counter
node_vmstat_oom_kill 3
# TYPE own_value untyped
own_value{path="C:\\\"x\"\n)"
            "\xEF\xBF\xBD"
            R"("} NaN
own_value +Inf
)");
}

TEST(MetricsPage, OpenMetricsNamesAFamilyWithoutTotalAndEnds) {
  metric::LiveSeries live = some_series();
  const std::string text = metrics_text(live, MetricsFormat::open_metrics);
  EXPECT_THAT(text, HasSubstr("# TYPE node_cpu_seconds counter\n# UNIT node_cpu_seconds seconds\n# HELP "
                              "node_cpu_seconds Seconds"));
  EXPECT_THAT(text, HasSubstr("\nnode_cpu_seconds_total{mode=\"idle\"} 12.25\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE node_vmstat_oom_kill unknown\n"))
      << "a counter must end in _total there";
  EXPECT_THAT(text, HasSubstr("# TYPE own_value unknown\n"));
  EXPECT_TRUE(text.ends_with("# EOF\n"));
}

TEST(MetricsPage, TheFormatIsTheOneTheClientLikesBest) {
  EXPECT_EQ(metrics_format_for(""), MetricsFormat::plain);
  EXPECT_EQ(metrics_format_for("*/*"), MetricsFormat::plain);
  EXPECT_EQ(metrics_format_for(
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
                "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            MetricsFormat::open_metrics);
  EXPECT_EQ(metrics_format_for("text/plain, application/openmetrics-text;q=0.5"), MetricsFormat::plain);
}

TEST(MetricsPage, WhatIsFederatedComesOnceInOrderWithItsTime) {
  const metric::SeriesKey a{"node_load1", {}}, b{"own_value", {{"n", "1"}}};
  EXPECT_EQ(federated_text({{b, 5, 2}, {a, 4, 1.5}, {b, 5, 2}}),
            "# TYPE node_load1 gauge\nnode_load1 1.5 4\n# TYPE own_value untyped\nown_value{n=\"1\"} 2 5\n");
}

}  // namespace
}  // namespace ullage::server
