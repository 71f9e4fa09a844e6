// SPDX-License-Identifier: Apache-2.0
#include "server/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "metric/family.h"
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

TEST(MetricsPage, IsMadeOnceATickInEachForm) {
  metric::LiveSeries live = some_series();
  MetricsPage page;
  const std::string& plain = page.of(live, {});
  const char* made = plain.data();
  EXPECT_EQ(plain, metrics_text(live, {}));
  EXPECT_EQ(page.of(live, {.format = MetricsFormat::open_metrics}),
            metrics_text(live, {.format = MetricsFormat::open_metrics}));
  EXPECT_EQ(page.of(live, {}).data(), made);
  live.begin(3'000);
  live.add("node_load1", 0.75);
  EXPECT_EQ(page.of(live, {}), metrics_text(live, {}));
}

TEST(MetricsPage, FamiliesStandTogetherWithWhatTheyMean) {
  metric::LiveSeries live = some_series();
  EXPECT_EQ(metrics_text(live, {}),
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
# 1 series are left out: their names need quotes, which escaping=allow-utf-8 in Accept asks for
)");
}

TEST(MetricsPage, NamesBeyondTheOldFormatsAreQuotedForWhoTakesThat) {
  metric::LiveSeries live(100);
  live.begin(1'000);
  live.add("own.dotted", 1);
  live.add("own.dotted", {{"a", "b"}, {"c.d", "\"x\""}}, 2);
  live.add("plain", {{"c.d", "e"}}, 3);
  live.describe({.name = "own.dotted", .kind = metric::FamilyKind::gauge, .help = "With a dot."});
  const std::string quoted = R"(# TYPE "own.dotted" gauge
{"own.dotted"} 1
{"own.dotted",a="b","c.d"="\"x\""} 2
# TYPE plain untyped
plain{"c.d"="e"} 3
)";
  EXPECT_EQ(metrics_text(live, {.names = MetricNames::quoted}),
            "# HELP \"own.dotted\" With a dot.\n" + quoted);
  EXPECT_EQ(metrics_text(live, {.format = MetricsFormat::open_metrics}), "# EOF\n");
  EXPECT_EQ(live.needing_quotes(), 3u);
}

TEST(MetricsPage, WhatOwnersSayOfTheirMetricsStandsAboveThem) {
  metric::LiveSeries live(100);
  live.begin(1'000);
  live.describe({.name = "took_seconds",
                 .kind = metric::FamilyKind::histogram,
                 .unit = "seconds",
                 .help = "A \"b\"\nc"});
  live.describe({.name = "jobs_total", .kind = metric::FamilyKind::counter, .help = "Jobs."});
  live.describe({.name = "node_load1", .kind = metric::FamilyKind::counter, .help = "Not theirs to say."});
  live.add("took_seconds_bucket", {{"le", "+Inf"}}, 2);
  live.add("took_seconds_sum", 3);
  live.add("took_seconds_count", 2);
  live.add("took_seconds_max", 2);
  live.add("jobs_total", 5);
  live.add("node_load1", 0.5);
  EXPECT_EQ(metrics_text(live, {}), R"(# HELP jobs_total Jobs.
# TYPE jobs_total counter
jobs_total 5
# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1 0.5
# HELP took_seconds A "b"\nc
# TYPE took_seconds histogram
took_seconds_bucket{le="+Inf"} 2
took_seconds_sum 3
took_seconds_count 2
# TYPE took_seconds_max untyped
took_seconds_max 2
)");
  const std::string open = metrics_text(live, {.format = MetricsFormat::open_metrics});
  EXPECT_THAT(open, HasSubstr("# TYPE jobs counter\n# HELP jobs Jobs.\njobs_total 5\n"));
  EXPECT_THAT(open, HasSubstr("# TYPE took_seconds histogram\n# UNIT took_seconds seconds\n"
                              "# HELP took_seconds A \\\"b\\\"\\nc\n"));
}

TEST(MetricsPage, OpenMetricsNamesAFamilyWithoutTotalAndEnds) {
  metric::LiveSeries live = some_series();
  const std::string text = metrics_text(live, {.format = MetricsFormat::open_metrics});
  EXPECT_THAT(text, HasSubstr("# TYPE node_cpu_seconds counter\n# UNIT node_cpu_seconds seconds\n# HELP "
                              "node_cpu_seconds Seconds"));
  EXPECT_THAT(text, HasSubstr("\nnode_cpu_seconds_total{mode=\"idle\"} 12.25\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE node_vmstat_oom_kill unknown\n"))
      << "a counter must end in _total there";
  EXPECT_THAT(text, HasSubstr("# TYPE own_value unknown\n"));
  EXPECT_TRUE(text.ends_with("# EOF\n"));
}

TEST(MetricsPage, TheFormatIsTheOneTheClientLikesBest) {
  constexpr MetricsForm kPlain, kOpen{.format = MetricsFormat::open_metrics};
  EXPECT_EQ(metrics_form_for(""), kPlain);
  EXPECT_EQ(metrics_form_for("*/*"), kPlain);
  EXPECT_EQ(metrics_form_for(
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
                "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
            kOpen);
  EXPECT_EQ(metrics_form_for("text/plain, application/openmetrics-text;q=0.5"), kPlain);
}

// The Accept of Prometheus 3 (scrape/scrape.go, acceptHeader).
TEST(MetricsPage, QuotedNamesAreNegotiated) {
  const MetricsForm form = metrics_form_for(
      "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
      "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
      "text/plain;version=0.0.4;q=0.3,*/*;q=0.2");
  EXPECT_EQ(form, (MetricsForm{MetricsFormat::open_metrics, MetricNames::quoted}));
  EXPECT_EQ(content_type_of(form),
            "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
  EXPECT_EQ(metrics_form_for("text/plain; version=1.0.0; escaping=allow-utf-8"),
            (MetricsForm{MetricsFormat::plain, MetricNames::quoted}));
  EXPECT_EQ(metrics_form_for("text/plain; version=1.0.0; escaping=underscores"), MetricsForm{});
}

TEST(MetricsPage, WhatIsFederatedComesOnceInOrderWithItsTime) {
  const metric::SeriesKey a{"node_load1", {}}, b{"own_value", {{"n", "1"}}};
  EXPECT_EQ(federated_text({{b, 5, 2}, {a, 4, 1.5}, {b, 5, 2}}),
            "# HELP node_load1 1m load average.\n# TYPE node_load1 gauge\nnode_load1 1.5 4\n# TYPE own_value "
            "untyped\nown_value{n=\"1\"} 2 5\n");
}

TEST(MetricsPage, WhatIsFederatedCarriesWhatItsOwnersSaid) {
  const metric::Families said = {
      {"depth", {.name = "depth", .kind = metric::FamilyKind::gauge, .help = "How deep."}},
      {"took", {.name = "took", .kind = metric::FamilyKind::histogram}}};
  EXPECT_EQ(federated_text({{{"took_bucket", {{"le", "+Inf"}}}, 5, 2},
                            {{"took_by", {}}, 5, 1},
                            {{"took_sum", {}}, 5, 3},
                            {{"depth", {}}, 4, 7}},
                           said),
            "# HELP depth How deep.\n# TYPE depth gauge\ndepth 7 4\n"
            "# TYPE took histogram\ntook_bucket{le=\"+Inf\"} 2 5\ntook_sum 3 5\n"
            "# TYPE took_by untyped\ntook_by 1 5\n");
}

// Kinds that only OpenMetrics knows, and the moment of a counter's beginning, which is a gauge elsewhere.
TEST(MetricsPage, WhatOpenMetricsAloneHasIsWrittenAsEachFormatCan) {
  using enum metric::FamilyKind;
  metric::LiveSeries live(100);
  live.begin(1'000);
  live.describe({.name = "build_info", .kind = info, .help = "Which."});
  live.describe({.name = "color", .kind = stateset});
  live.describe({.name = "jobs_total", .kind = counter});
  live.describe({.name = "jobs_created", .kind = gauge});
  live.describe({.name = "waits", .kind = gauge_histogram});
  live.add("build_info", {{"version", "1"}}, 1);
  live.add("color", {{"color", "red"}}, 1);
  live.add("jobs_total", 5);
  live.add("jobs_created", 1.5);
  live.add("waits_bucket", {{"le", "+Inf"}}, 2);
  live.add("waits_gcount", 2);
  live.add("waits_gsum", 3);
  EXPECT_EQ(metrics_text(live, {.format = MetricsFormat::open_metrics}), R"(# TYPE build info
# HELP build Which.
build_info{version="1"} 1
# TYPE color stateset
color{color="red"} 1
# TYPE jobs counter
jobs_total 5
jobs_created 1.5
# TYPE waits gaugehistogram
waits_bucket{le="+Inf"} 2
waits_gcount 2
waits_gsum 3
# EOF
)");
  EXPECT_EQ(metrics_text(live, {}), R"(# HELP build_info Which.
# TYPE build_info gauge
build_info{version="1"} 1
# TYPE color gauge
color{color="red"} 1
# TYPE jobs_created gauge
jobs_created 1.5
# TYPE jobs_total counter
jobs_total 5
# TYPE waits histogram
waits_bucket{le="+Inf"} 2
# TYPE waits_gcount untyped
waits_gcount 2
# TYPE waits_gsum untyped
waits_gsum 3
)");
}

}  // namespace
}  // namespace ullage::server
