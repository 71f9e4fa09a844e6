// SPDX-License-Identifier: Apache-2.0
#include "metric/exposition_parser.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "metric/family.h"

namespace ullage::metric {
namespace {

std::string read(std::string_view text, const ExpositionOptions& options = {}) {
  const auto exposition = parse_exposition(text, options);
  if (!exposition) return exposition.error().text();
  std::string all;
  for (const ExpositionSample& sample : exposition->samples)
    all += sample.key.text() + '=' + std::to_string(sample.value) + (sample.has_time ? "@" : "") + ' ';
  return all;
}

// The example of Prometheus's documentation of the format, with all that it allows.
TEST(Exposition, TextFormatIsReadWithItsBlanksAndComments) {
  EXPECT_EQ(
      read("# HELP http_requests_total The total number.\n"
           "# TYPE http_requests_total counter\n"
           "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
           "\n"
           "  # a comment\n"
           "metric_without_timestamp_and_labels 12.47\r\n"
           "tabs\t{ a = \"b\" , }\t3\n"
           "rpc_bucket{le=\"+Inf\"} +Inf"),
      "http_requests_total{code=\"200\",method=\"post\"}=1027.000000@ "
      "metric_without_timestamp_and_labels=12.470000 tabs{a=\"b\"}=3.000000 rpc_bucket{le=\"+Inf\"}=inf ");
}

TEST(Exposition, EscapesAndQuotedNamesAreRead) {
  EXPECT_EQ(read(R"(a{path="C:\\DIR\\F.TXT",error="line\n\"x\""} 1)"),
            R"(a{error="line\n\"x\"",path="C:\\DIR\\F.TXT"}=1.000000 )");
  EXPECT_EQ(read(R"({"my.name","a.b"="c"} 2)"), "my.name{a.b=\"c\"}=2.000000 ");
}

TEST(Exposition, OpenMetricsMustEndAndMayCarryExemplars) {
  const ExpositionOptions openmetrics{.form = ExpositionForm::open_metrics};
  EXPECT_EQ(read("foo_total 17.0 1520879607.789 # {trace_id=\"x\"} 0.5\n# EOF\n", openmetrics),
            "foo_total=17.000000@ ");
  EXPECT_EQ(read("foo_total 17\n", openmetrics), "line 2:1: the text is cut short; its last line is # EOF");
}

std::string said(std::string_view text, const ExpositionOptions& options = {}) {
  const auto exposition = parse_exposition(text, options);
  if (!exposition) return exposition.error().text();
  std::string all;
  for (const Family& family : exposition->families)
    all +=
        family.name + '|' + std::string(to_string(family.kind)) + '|' + family.unit + '|' + family.help + ' ';
  return all;
}

TEST(Exposition, WhatIsSaidOfFamiliesIsKept) {
  EXPECT_EQ(said("# HELP jobs_total Jobs\\nso far, by \\\\kind.\n# TYPE jobs_total counter\njobs_total 1\n"
                 "#TYPE size_bytes gauge\n# UNIT size_bytes bytes\nsize_bytes 1\n"
                 "# TYPE \"my.name\" summary\n# HELP\n# TYPE\n# HELP 9a broken\n# a comment\n"),
            "jobs_total|counter||Jobs\nso far, by \\kind. my.name|summary|| size_bytes|gauge|bytes| ");
}

TEST(Exposition, OpenMetricsNamesAFamilyWithoutWhatItsSamplesEndIn) {
  EXPECT_EQ(
      said(
          "# TYPE jobs counter\n# HELP jobs \\\"All\\\" jobs\njobs_total 1\n# TYPE build info\nbuild_info 1\n"
          "# TYPE took_seconds histogram\n# UNIT took_seconds seconds\n# EOF\n",
          {.form = ExpositionForm::open_metrics}),
      "build_info|info|| jobs_total|counter||\"All\" jobs took_seconds|histogram|seconds| ");
}

// A file and what a program prints come without a word on which form they are.
TEST(Exposition, ATextThatEndsAsOpenMetricsIsOpenMetrics) {
  const ExpositionOptions by_its_end{.form = ExpositionForm::by_its_end};
  constexpr std::string_view kText =
      "# TYPE jobs counter\n# HELP jobs All jobs\njobs_total 1 # {trace_id=\"x\"} 0.5\njobs_created 1.7e9\n"
      "# TYPE build info\nbuild_info{v=\"1\"} 1\n# TYPE color stateset\ncolor{color=\"red\"} 1\n"
      "# TYPE waits_seconds gaugehistogram\n# UNIT waits_seconds seconds\nwaits_seconds_bucket{le=\"+Inf\"} "
      "2\n"
      "# TYPE odd what\n";
  EXPECT_EQ(said(std::string(kText) + "# EOF\n\n", by_its_end),
            "build_info|info|| color|stateset|| jobs_created|gauge||All jobs jobs_total|counter||All jobs "
            "odd|unknown|| waits_seconds|gaugehistogram|seconds| ");
  EXPECT_EQ(read(std::string(kText) + "# EOF", by_its_end),
            "jobs_total=1.000000 jobs_created=1700000000.000000 build_info{v=\"1\"}=1.000000 "
            "color{color=\"red\"}=1.000000 waits_seconds_bucket{le=\"+Inf\"}=2.000000 ");
  EXPECT_EQ(said(kText, by_its_end).substr(0, 38), "build|info|| color|stateset|| jobs|cou") << "no # EOF";
  EXPECT_EQ(read("a 1\n# EOF\nb 2\n# EOF\n", by_its_end), "a=1.000000 b=2.000000 ")
      << "two that were laid together";
}

TEST(Exposition, WhatIsSaidIsBounded) {
  EXPECT_EQ(said("# TYPE a gauge\n# TYPE b gauge\n# HELP a h\n", {.families_max = 1}), "a|gauge||h ");
  const auto long_help = parse_exposition("# HELP a " + std::string(5000, 'x') + "\n", {});
  EXPECT_EQ(long_help->families[0].help.size(), kHelpBytesMax);
}

TEST(Exposition, AnErrorSaysWhere) {
  for (const auto& [text, error] : {
           std::pair<const char*, const char*>{"a 1\nb x\n", "line 2:3: 'x' is no number"},
           {"a{b=\"c\"", "line 1:8: a comma or the end of the labels is expected"},
           {"a{b=\"c} 1", "line 1:5: a quote that is not closed on its line"},
           {"a{b} 1", "line 1:4: = is expected after a label's name"},
           {"9a 1", "line 1:1: '9a' is no name of a metric"},
           {"a", "line 1:2: a value is expected"},
           {"a 1 2 3", "line 1:7: nothing may stand after a sample's time"},
           {"a{b=\"1\",b=\"2\"} 1", "line 1:1: the label 'b' stands twice"},
           {"\x7f\x45\x4c\x46\x01", "line 1:1: '\\x7fELF\\x01' is no name of a metric"},
       })
    EXPECT_EQ(read(text), error) << text;
  EXPECT_EQ(read("a 1\nb 2\n", {.samples_max = 1}), "line 2:1: more than 1 samples");
}

}  // namespace
}  // namespace ullage::metric
