// SPDX-License-Identifier: Apache-2.0
#include "query/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "history/series_source.h"
#include "query/ast.h"
#include "query/budget.h"
#include "query/example_source.h"
#include "query/matrix.h"

namespace ullage::query {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kMinute = 60'000;

Engine limited(const Limits& limits) { return Engine({.limits = limits}); }

std::string error_of(const Result<QueryResult>& result) {
  return result ? "no error" : result.error().text();
}

TEST(Engine, AnswersAVectorAtAMoment) {
  const auto source = example_source({"up{job=\"a\"} 1 2 3", "up{job=\"b\"} 4 5 6"});
  const auto result = Engine().instant("sum(up) * 2", source, 2 * kMinute);
  ASSERT_TRUE(result) << error_of(result);
  EXPECT_EQ(result->kind, QueryResult::Kind::vector);
  ASSERT_EQ(result->series.size(), 1u);
  EXPECT_THAT(result->series[0].points, ElementsAre(Point{2 * kMinute, 18}));
  EXPECT_EQ(result->samples_read, 6u);
}

TEST(Engine, AnswersARangeInTheOrderOfLabels) {
  const auto source = example_source({"up{job=\"b\"} 4 5 6", "up{job=\"a\"} 1 2 3"});
  const auto result = Engine().range("up", source, kMinute, 2 * kMinute, kMinute);
  ASSERT_TRUE(result) << error_of(result);
  EXPECT_EQ(result->kind, QueryResult::Kind::matrix);
  ASSERT_EQ(result->series.size(), 2u);
  EXPECT_EQ(result->series[0].labels.text(), "up{job=\"a\"}");
  EXPECT_THAT(result->series[0].points, ElementsAre(Point{kMinute, 2}, Point{2 * kMinute, 3}));
}

TEST(Engine, ARangeOfAScalarIsASeriesWithoutLabels) {
  const auto result = Engine().range("time()", example_source({}), 0, kMinute, kMinute);
  ASSERT_TRUE(result) << error_of(result);
  ASSERT_EQ(result->series.size(), 1u);
  EXPECT_EQ(result->series[0].labels.text(), "{}");
  EXPECT_THAT(result->series[0].points, ElementsAre(Point{0, 0}, Point{kMinute, 60}));
}

TEST(Engine, WhatHasNoStepsCannotBeARange) {
  EXPECT_THAT(error_of(Engine().range("up[5m]", example_source({}), 0, 1, 1)), HasSubstr("range vector"));
  EXPECT_THAT(error_of(Engine().range("\"a\"", example_source({}), 0, 1, 1)), HasSubstr("string"));
  EXPECT_THAT(error_of(Engine().range("1", example_source({}), 0, 1, 0)), HasSubstr("step"));
  EXPECT_THAT(error_of(Engine().range("1", example_source({}), 1, 0, 1)), HasSubstr("end before"));
}

TEST(Engine, EachLimitIsAnErrorThatNamesIt) {
  const auto source = example_source({"up{job=\"a\"} 1 2 3", "up{job=\"b\"} 4 5 6"});
  const auto ask = [&](const Limits& limits, std::string_view query) {
    return error_of(limited(limits).range(query, source, 0, 2 * kMinute, kMinute));
  };
  EXPECT_THAT(ask({.samples_max = 5}, "up"), HasSubstr("more than 5 samples"));
  EXPECT_THAT(ask({.series_max = 1}, "up"), HasSubstr("more than 1 series"));
  EXPECT_THAT(ask({.steps_max = 2}, "up"), HasSubstr("more than the 2 allowed"));
  EXPECT_THAT(ask({.steps_max = 10}, "max_over_time(up[5m:1s])"), HasSubstr("steps"));
  EXPECT_THAT(ask({.bytes_max = 30}, "up"), HasSubstr("MiB of memory"));
  EXPECT_THAT(ask({.depth_max = 3}, "abs(abs(abs(up)))"), HasSubstr("deeper than 3"));
  EXPECT_THAT(ask({.regex_bytes_max = 3}, "up{job=~\"a.*b\"}"), HasSubstr("longer than the 3 allowed"));
  EXPECT_THAT(ask({.regex_bytes_max = 3}, "label_replace(up, \"a\", \"b\", \"c\", \"long\")"),
              HasSubstr("longer"));
  EXPECT_EQ(ask({}, "abs(abs(abs(up)))"), "no error");
}

TEST(Engine, MemoryIsGivenBackAsTheQueryGoesOn) {
  const auto source = example_source({"up 1+1x999"});
  const std::string query = "abs(up) + abs(up) + abs(up) + abs(up) + abs(up) + abs(up) + abs(up) + abs(up)";
  const auto ask = [&](std::uint64_t bytes_max) {
    return error_of(limited({.bytes_max = bytes_max}).range(query, source, 0, 999 * kMinute, kMinute));
  };
  EXPECT_EQ(ask(40'000), "no error");
  EXPECT_THAT(ask(10'000), HasSubstr("memory"));
}

TEST(Engine, EndsWhenItIsCancelledOrItsTimeIsUp) {
  const auto source = example_source({"up 1 2 3"});
  std::atomic<bool> cancelled = true;
  EXPECT_THAT(error_of(Engine().instant("up", source, 0, {.cancelled = &cancelled})), HasSubstr("cancelled"));
  int looks = 0;
  const Stop stop{.expired = [&] { return ++looks > 3; }};
  EXPECT_THAT(error_of(Engine().instant("abs(abs(abs(abs(up))))", source, 0, stop)),
              HasSubstr("longer than it may"));
}

TEST(Engine, EndsWithinOneLongSeries) {
  const auto source = example_source({"up 1+1x20000"});
  int looks = 0;
  const Stop stop{.expired = [&] { return ++looks > 10; }};
  const auto result = Engine().range("sum_over_time(up[20000m])", source, 0, 20'000 * kMinute, kMinute, stop);
  EXPECT_THAT(error_of(result), HasSubstr("longer than it may"));
  EXPECT_LT(looks, 20);
}

// A source that fails half-way.
class Broken final : public history::SeriesSource {
 public:
  Result<void> select(const history::Selection&, const VisitSamples& visit) const override {
    const Sample sample{0, 1};
    if (auto visited = visit({"up", {}}, {&sample, 1}); !visited) return visited;
    return fail("the disk is gone");
  }
};

TEST(Engine, AnErrorOfTheSourceIsTheQuerys) {
  for (const char* query :
       {"up", "rate(up[5m])", "absent(up)", "up + up", "up[5m]", "sum_over_time(up[5m:1m])"})
    EXPECT_EQ(error_of(Engine().instant(query, Broken(), 0)), "the disk is gone") << query;
}

// Samples at 1 to 4 minutes as buckets of two minutes; whether they were asked for is told.
class Tiered final : public history::SeriesSource {
 public:
  Result<void> select(const history::Selection&, const VisitSamples& visit) const override {
    const std::vector<Sample> samples = {{kMinute, 5}, {2 * kMinute, 1}, {3 * kMinute, 2}, {4 * kMinute, 8}};
    return visit({"up", {}}, samples);
  }
  std::int64_t tier_ms(const history::Selection&, std::int64_t divisor_ms) const override {
    return divisor_ms % (2 * kMinute) == 0 ? 2 * kMinute : 0;
  }
  Result<void> select_buckets(const history::Selection&, std::int64_t,
                              const VisitBuckets& visit) const override {
    asked = true;
    const std::vector<history::Bucket> buckets = {{2 * kMinute, 1, 5, 6, 2, 1},
                                                  {4 * kMinute, 2, 8, 10, 2, 8}};
    return visit({"up", {}}, buckets);
  }
  mutable bool asked = false;
};

TEST(Engine, ATierAnswersWhereItsBucketsMakeUpTheWindows) {
  const auto points = [](std::string_view query, std::int64_t step_ms, bool from_tier) {
    const Tiered source;
    const auto result = Engine().range(query, source, 2 * kMinute, 4 * kMinute, step_ms);
    EXPECT_EQ(source.asked, from_tier) << query;
    return result && result->series.size() == 1 ? result->series[0].points : std::vector<Point>();
  };
  for (const auto& [name, first, second] : std::initializer_list<std::tuple<const char*, double, double>>{
           {"min", 1, 1}, {"max", 5, 8}, {"sum", 6, 16}, {"count", 2, 4}, {"avg", 3, 4}, {"last", 1, 8}}) {
    const std::string query = std::string(name) + "_over_time(up[4m])";
    EXPECT_THAT(points(query, 2 * kMinute, true),
                ElementsAre(Point{2 * kMinute, first}, Point{4 * kMinute, second}));
    EXPECT_THAT(points(query, kMinute, false).front(), (Point{2 * kMinute, first})) << query;
  }
  EXPECT_EQ(points("max_over_time(up[3m])", 2 * kMinute, false).size(), 2u);
  EXPECT_EQ(points("max_over_time(up[4m] offset 1m)", 2 * kMinute, false).size(), 2u);
  EXPECT_EQ(points("max_over_time(up[4m] @ 240)", kMinute, true).size(), 3u);
  EXPECT_EQ(points("stddev_over_time(up[4m])", 2 * kMinute, false).size(), 2u);
}

TEST(Engine, ExtraFunctionsGetWindowsOrValues) {
  std::vector<ExtraFunction> extra(2);
  extra[0].signature = {"ullage_span_seconds", {ValueType::matrix, ValueType::scalar}, 0, ValueType::vector};
  extra[0].over_window = [](std::span<const Sample> window, const ExtraFunction::Arguments& arguments) {
    const auto span_ms = static_cast<double>(window.back().time_ms - window.front().time_ms);
    return span_ms < 60'000 ? kAbsent : span_ms / 1000 * arguments.scalars[0];
  };
  extra[1].signature = {"ullage_plus", {ValueType::vector, ValueType::scalar}, 0, ValueType::vector};
  extra[1].over_value = [](double value, const ExtraFunction::Arguments& arguments) {
    return value + arguments.scalars[0];
  };
  const Engine engine({}, extra);
  const auto source = example_source({"up{job=\"a\"} 1 2 3"});
  const auto windows = engine.range("ullage_span_seconds(up[3m], 2)", source, 0, 2 * kMinute, kMinute);
  ASSERT_TRUE(windows) << error_of(windows);
  ASSERT_EQ(windows->series.size(), 1u);
  EXPECT_EQ(windows->series[0].labels.text(), "{job=\"a\"}");
  EXPECT_THAT(windows->series[0].points, ElementsAre(Point{kMinute, 120}, Point{2 * kMinute, 240}));
  const auto values = engine.instant("ullage_plus(up, scalar(up))", source, kMinute);
  ASSERT_TRUE(values) << error_of(values);
  EXPECT_THAT(values->series[0].points, ElementsAre(Point{kMinute, 4}));
}

TEST(Engine, AStringIsOfTheMomentThatWasAskedAbout) {
  const auto result = Engine().instant("\"s\"", example_source({}), kMinute);
  ASSERT_TRUE(result) << error_of(result);
  EXPECT_EQ(result->text, "s");
  EXPECT_EQ(result->scalar.time_ms, kMinute);
}

TEST(Engine, ALookbackOfOnesOwn) {
  const auto source = example_source({"up 1"});
  const Engine engine({.lookback_ms = 1000});
  EXPECT_EQ(engine.instant("up", source, 999)->series.size(), 1u);
  EXPECT_EQ(engine.instant("up", source, 1000)->series.size(), 0u);
}

}  // namespace
}  // namespace ullage::query
