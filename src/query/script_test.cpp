// SPDX-License-Identifier: Apache-2.0
#include "query/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "query/engine.h"
#include "query/matrix.h"
#include "query/script_series.h"

namespace ullage::query {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ScriptReport run(std::string_view body) {
  return run_script("load 1m\n  up{job=\"a\"} 1 2 3\n  up{job=\"b\"} 4 5 6\n\n" + std::string(body),
                    Engine());
}
std::string failure_of(std::string_view body) {
  const ScriptReport report = run(body);
  return report.failures.empty() ? "none" : report.failures.front();
}

TEST(Script, PassesWhatIsAsExpected) {
  const ScriptReport report = run(R"(
eval instant at 1m up
  up{job="a"} 2
  up{job="b"} 5.000001

eval range from 0 to 2m step 1m sum(up)
  {} 5 7 9

eval instant at 0 1 + 1
  2
)");
  EXPECT_EQ(report.passed, 3u);
  EXPECT_THAT(report.failures, ElementsAre());
}

TEST(Script, EachDifferenceFailsAndSaysHow) {
  EXPECT_THAT(failure_of("eval instant at 0 up{job=\"a\"}\n up{job=\"a\"} 2\n"),
              HasSubstr("expected up{job=\"a\"} 2"));
  EXPECT_THAT(failure_of("eval instant at 0 up{job=\"a\"}\n"), HasSubstr("unexpected series"));
  EXPECT_THAT(failure_of("eval instant at 0 up{job=\"c\"}\n up 2\n"), HasSubstr("is missing"));
  EXPECT_THAT(failure_of("eval range from 0 to 1m step 1m up{job=\"a\"}\n up{job=\"a\"} 1 _\n"),
              HasSubstr("expected"));
  EXPECT_THAT(failure_of("eval range from 0 to 1m step 1m up{job=\"a\"}\n up{job=\"a\"} 1 2 3\n"),
              HasSubstr("expected"));
  EXPECT_THAT(failure_of("eval_ordered instant at 0 sort(up)\n up{job=\"b\"} 4\n up{job=\"a\"} 1\n"),
              HasSubstr("at place 1"));
  EXPECT_THAT(failure_of("eval_fail instant at 0 up\n"), HasSubstr("expected an error"));
  EXPECT_THAT(failure_of("eval_warn instant at 0 up{job=\"x\"}\n"), HasSubstr("warning"));
  EXPECT_THAT(failure_of("eval instant at 0 1\n 2\n"), HasSubstr("expected 2"));
  EXPECT_THAT(failure_of("eval instant at 0 \"a\"\n expect string \"b\"\n"), HasSubstr("string"));
  EXPECT_THAT(failure_of("eval instant at 0 up +\n"), HasSubstr("up +"));
  EXPECT_THAT(failure_of("eval instant at 2m rate(up{job=\"a\"}[5m])\n expect no_info\n {job=\"a\"} 0.01\n"),
              HasSubstr("no info"));
  EXPECT_THAT(failure_of("eval_fail instant at 0 topk(NaN, up)\n expected_fail_message another\n"),
              HasSubstr("another"));
}

TEST(Script, WhatCannotBeReadIsAFailureOfItsOwn) {
  const ScriptReport report =
      run("nonsense\n\nload 1x\n up 1\n\neval instant at 0 1\n 1\n\neval at 0 1\n 1\n");
  EXPECT_EQ(report.failed, 3u);
  EXPECT_EQ(report.passed, 1u);
  EXPECT_THAT(report.failures[0], HasSubstr("line 5: no command of a script: 'nonsense'"));
}

TEST(Script, WhatTouchesAHistogramIsSkippedAndTheRestRuns) {
  const ScriptReport report = run(R"(
load 1m
  up{job="h"} {{count:1 sum:2}}x2

eval instant at 0 up
  up{job="a"} 7

eval instant at 0 up{job="a"}
  up{job="a"} 1

eval instant at 0 histogram_count(up)
  {} 7
)");
  EXPECT_EQ(report.skipped, 2u);
  EXPECT_EQ(report.passed, 1u);
  EXPECT_EQ(report.failed, 0u);
  EXPECT_EQ(report.skipped_under.begin()->first.substr(0, 17), "native histograms");
}

TEST(Script, StartTimestampsMatterToCountersOnly) {
  const ScriptReport report = run(R"(
load 1m
  c_total@st -30s -30s
  c_total 1 2

eval instant at 1m c_total
  c_total 2

eval instant at 1m increase(c_total[5m])
  {} 7
)");
  EXPECT_EQ(report.passed, 1u);
  EXPECT_EQ(report.skipped_under, (std::map<std::string, std::size_t>{{"start timestamps", 1}}));
}

TEST(Script, StartTimestampsWithoutANameAreThoseOfAllThatFollow) {
  const ScriptReport report = run(R"(
load 1m
  before_total 1 2
  @st -30s
  c_total 1 2
  d_total 1 2

eval instant at 1m resets(before_total[5m])
  {} 0

eval instant at 1m resets(c_total[5m]) + resets(d_total[5m])
  {} 7

eval instant at 1m resets(d_total[5m])
  {} 7
)");
  EXPECT_EQ(report.passed, 1u);
  EXPECT_EQ(report.skipped_under, (std::map<std::string, std::size_t>{{"start timestamps", 2}}));
}

TEST(Script, TheMessageOfAnAnnotationMayLackItsPlace) {
  const auto failure = [](std::string_view message) {
    return failure_of("eval instant at 0 quantile(2, up)\n expect warn msg: PromQL warning: " +
                      std::string(message) + "\n {} Inf\n");
  };
  EXPECT_EQ(failure("quantile value should be between 0 and 1, got 2"), "none");
  EXPECT_EQ(failure("quantile value should be between 0 and 1, got 2 (1:10)"), "none");
  EXPECT_THAT(failure("quantile value should be between 0 and 1, got 2 (1:1)"), HasSubstr("(1:10)"));
  EXPECT_THAT(failure("quantile value should be between 0 and 1"), HasSubstr("(1:10)"));
}

TEST(Script, AnAnnotationOfBucketsMayLackItsDetails) {
  EXPECT_EQ(failure_of(R"(load 1m
  h_bucket{le="1"} 3
  h_bucket{le="2"} 2
  h_bucket{le="+Inf"} 4

eval instant at 0 histogram_quantile(0.5, h_bucket)
  expect info msg: PromQL info: input to histogram_quantile needed to be fixed for monotonicity )"
                       "(see https://prometheus.io/docs/prometheus/latest/querying/functions/"
                       "#histogram_quantile) for metric name \"h_bucket\"\n"
                       "  {} 0.6666666666666666\n"),
            "none");
}

TEST(ScriptSeries, ValuesUnfold) {
  const auto values = [](std::string_view line) {
    const auto series = parse_script_series(line);
    std::string text;
    if (!series) return series.error().text();
    for (const ScriptValue& value : series->values)
      text += value.kind == ScriptValue::Kind::number
                  ? (is_absent(value.value) ? "S " : std::to_string(static_cast<int>(value.value)) + " ")
                  : (value.kind == ScriptValue::Kind::omitted ? "_ " : "H ");
    return text;
  };
  EXPECT_EQ(values("a 1 -2 3x2"), "1 -2 3 3 3 ");
  EXPECT_EQ(values("a 1+2x2 5-5x2"), "1 3 5 5 0 -5 ");
  EXPECT_EQ(values("a 0x1 _ _x2 stale"), "0 0 _ _ _ S ");
  EXPECT_EQ(values("a{b='c'}\t{{count:1 buckets:[1 2]}}x1 {{}}+{{sum:1}}x1"), "H H H H ");
  EXPECT_THAT(values("a 1y"), HasSubstr("expected a blank"));
  EXPECT_THAT(values("a 1x99999999999"), HasSubstr("not too great"));
  EXPECT_THAT(values("1"), HasSubstr("expected a series"));
  EXPECT_THAT(values("a{b=} 1"), HasSubstr("quoted"));
}

TEST(ScriptSeries, NamesMayBeQuoted) {
  EXPECT_EQ(parse_script_series("{\"a.b\", c=\"d\", } 1")->labels.text(), "a.b{c=\"d\"}");
  EXPECT_EQ(parse_script_series("größe.max{c=\"d\"} 1")->labels.name(), "größe.max");
  EXPECT_EQ(parse_script_series("{} 1")->labels.text(), "{}");
}

}  // namespace
}  // namespace ullage::query
