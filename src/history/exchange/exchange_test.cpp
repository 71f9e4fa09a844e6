// SPDX-License-Identifier: Apache-2.0
#include "history/exchange/exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/matching.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

using testing::HasSubstr;
using enum ExchangeFormat;
using Limits = std::numeric_limits<double>;
using SamplesByKey = std::map<metric::SeriesKey, std::vector<Sample>>;

class MemorySource final : public SeriesSource {
 public:
  explicit MemorySource(SamplesByKey all) : all_(std::move(all)) {}
  Result<void> select(const Selection& selection, const VisitSamples& visit) const override {
    auto matching = Matching::compile(selection.matchers);
    if (!matching) return pass_on(matching);
    for (const auto& [key, samples] : all_) {
      if (!matching->holds(key)) continue;
      if (auto visited = visit(key, samples); !visited) return visited;
    }
    return {};
  }

 private:
  SamplesByKey all_;
};

std::string exported(const SamplesByKey& all, ExchangeFormat format) {
  std::string text;
  const auto counts = export_samples(MemorySource(all), {{}, 0, INT64_MAX}, format,
                                     [&](std::string_view piece) -> Result<void> {
                                       text += piece;
                                       return {};
                                     });
  EXPECT_TRUE(counts) << counts.error().text();
  EXPECT_EQ(counts->bytes, text.size());
  return text;
}

SamplesByKey imported(const std::string& text, ExchangeFormat format, std::size_t piece_bytes = SIZE_MAX) {
  SamplesByKey all;
  SampleReader reader(format,
                      [&](const metric::SeriesKey& key, std::span<const Sample> samples) -> Result<void> {
                        all[key].insert(all[key].end(), samples.begin(), samples.end());
                        return {};
                      });
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(std::min(piece_bytes, rest.size()))) {
    const auto fed = reader.feed(rest.substr(0, piece_bytes));
    EXPECT_TRUE(fed) << fed.error().text();
  }
  const auto counts = reader.finish();
  EXPECT_TRUE(counts) << counts.error().text() << "\n" << text;
  return all;
}

void expect_same(const SamplesByKey& a, const SamplesByKey& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [key, samples] : a) {
    ASSERT_TRUE(b.contains(key)) << key.text();
    const std::vector<Sample>& other = b.at(key);
    ASSERT_EQ(samples.size(), other.size()) << key.text();
    for (std::size_t i = 0; i < samples.size(); ++i) {
      EXPECT_EQ(samples[i].time_ms, other[i].time_ms);
      EXPECT_EQ(std::bit_cast<std::uint64_t>(samples[i].value), std::bit_cast<std::uint64_t>(other[i].value))
          << samples[i].value;
    }
  }
}

const SamplesByKey kOdd = {
    {{"plain", {}}, {{-1500, 1}, {0, 0.1}, {1, -0.0}, {1'700'000'000'123, 1e300}}},
    {{"values", {{"kind", "odd"}}},
     {{1, Limits::quiet_NaN()},
      {2, Limits::infinity()},
      {3, -Limits::infinity()},
      {4, Limits::denorm_min()},
      {5, Limits::max()},
      {6, -Limits::denorm_min()},
      {7, 123456789012345678.0},
      {8, 0.1 + 0.2}}},
    {{"my.näme with \"quotes\"", {{"a.b", "x"}, {"c\\d", "line\nbreak \\n \"quoted\", comma"}}}, {{1, 1}}},
    {{"colon:name", {{"a", "{}#= "}, {"é", "ü"}}}, {{1, 2}}},
};

TEST(Exchange, EveryFormatGivesBackWhatItWasGiven) {
  for (const ExchangeFormat format : {csv, json_lines, openmetrics}) {
    const std::string text = exported(kOdd, format);
    expect_same(kOdd, imported(text, format));
    expect_same(kOdd, imported(text, format, 1));
    expect_same(kOdd, imported(text, format, 7));
  }
}

TEST(Exchange, AMarkerOfStalenessIsALessonOpenMetricsCannotSay) {
  const SamplesByKey all = {{{"x", {}}, {{1, 1}, {2, kAbsent}, {9, 3}}}};
  expect_same(all, imported(exported(all, csv), csv));
  expect_same(all, imported(exported(all, json_lines), json_lines));
  expect_same({{{"x", {}}, {{1, 1}, {9, 3}}}}, imported(exported(all, openmetrics), openmetrics));
}

TEST(Exchange, CsvIsATableThatProgramsRead) {
  const SamplesByKey all = {{{"x", {{"a", "1"}, {"b", "2"}}}, {{1000, 0.5}, {2000, kAbsent}}},
                            {{"y", {}}, {{1000, 3}}}};
  EXPECT_EQ(exported(all, csv),
            "time_ms,name,labels,value\n"
            "1000,x,\"a=\"\"1\"\",b=\"\"2\"\"\",0.5\n"
            "2000,x,\"a=\"\"1\"\",b=\"\"2\"\"\",\n"
            "1000,y,,3\n");
  expect_same({{{"y", {}}, {{1000, 3}}}},
              imported("time_ms,name,labels,value\r\n1000,\"y\",\"\",\"3\"\r\n", csv));
}

TEST(Exchange, JsonLinesAreThoseOfVictoriaMetrics) {
  const SamplesByKey all = {{{"x", {{"a", "1"}}}, {{1000, 0.5}, {2000, Limits::infinity()}}}};
  EXPECT_EQ(exported(all, json_lines),
            R"({"metric":{"__name__":"x","a":"1"},"values":[0.5,"Infinity"],"timestamps":[1000,2000]})"
            "\n");
}

TEST(Exchange, OpenMetricsDescribesWhatTheTableKnowsAndKeepsFamiliesTogether) {
  const SamplesByKey all = {{{"node_load1", {}}, {{1500, 0.5}}},
                            {{"node_cpu_seconds_total", {{"mode", "user"}}}, {{1000, 7}}},
                            {{"node_vmstat_oom_kill", {}}, {{1000, 1}}},
                            {{"unheard.of", {}}, {{1000, 1}}},
                            {{"node_memory_MemFree_bytes", {}}, {{1000, 4096}}}};
  EXPECT_EQ(exported(all, openmetrics),
            "# TYPE node_cpu_seconds counter\n"
            "# UNIT node_cpu_seconds seconds\n"
            "# HELP node_cpu_seconds Seconds the CPUs spent in each mode.\n"
            "node_cpu_seconds_total{mode=\"user\"} 7 1\n"
            "# TYPE node_load1 gauge\n"
            "# HELP node_load1 1m load average.\n"
            "node_load1 0.5 1.5\n"
            "# TYPE node_memory_MemFree_bytes gauge\n"
            "# UNIT node_memory_MemFree_bytes bytes\n"
            "# HELP node_memory_MemFree_bytes Memory that nothing uses.\n"
            "node_memory_MemFree_bytes 4096 1\n"
            "# TYPE node_vmstat_oom_kill unknown\n"
            "# HELP node_vmstat_oom_kill Processes killed by the kernel for lack of memory.\n"
            "node_vmstat_oom_kill 1 1\n"
            "{\"unheard.of\"} 1 1\n"
            "# EOF\n");
  EXPECT_EQ(exported({}, openmetrics), "# EOF\n");
}

TEST(Exchange, ReadsWhatOthersWriteAsOpenMetrics) {
  const std::string text =
      "# TYPE foo histogram\n"
      "# UNIT foo seconds\n"
      "# HELP foo Some \\\"help\\\"\n"
      "foo_bucket{le=\"0.1\",} 8 123.5 # {trace_id=\"abc\"} 0.067 123.4\n"
      "foo_bucket{le=\"+Inf\"} 1.7e1 123.5 # {} 9.8\n"
      "foo_count 17 123.5\n"
      "foo_created 1.5e9 123.5\n"
      "{\"a.b\"} +Inf 1e3\n"
      "bar{a=\"\",b=\"\\x\"} nan -1\n"
      "# EOF";
  const SamplesByKey all = imported(text, openmetrics);
  ASSERT_EQ(all.size(), 6u);
  EXPECT_EQ(all.at({"foo_bucket", {{"le", "+Inf"}}})[0].value, 17);
  EXPECT_EQ(all.at({"a.b", {}})[0].time_ms, 1'000'000);
  EXPECT_TRUE(all.contains({"bar", {{"b", "\\x"}}})) << "no value is no label; what is no escape is itself";
}

TEST(Exchange, ManySamplesStreamThrough) {
  SamplesByKey all;
  std::vector<Sample>& samples = all[{"x", {}}];
  for (std::int64_t i = 0; i < 50'000; ++i) samples.push_back({i * 1000, std::sqrt(static_cast<double>(i))});
  for (const ExchangeFormat format : {csv, json_lines, openmetrics})
    expect_same(all, imported(exported(all, format), format, 1000));
}

TEST(Exchange, AnErrorOfTheSinkOrTheTakerEndsIt) {
  const auto full = export_samples(MemorySource(kOdd), {}, csv,
                                   [](std::string_view) -> Result<void> { return fail("disk full"); });
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().what, "disk full");
  SampleReader reader(csv, [](const auto&, const auto&) -> Result<void> { return fail("no room"); });
  ASSERT_TRUE(reader.feed("time_ms,name,labels,value\n1,x,,1\n"));
  EXPECT_EQ(reader.finish().error().what, "no room");
}

RC_GTEST_PROP(Exchange, AnyLabelsAndValuesComeBack, ()) {
  const auto letter = rc::gen::element<std::string>("a", "_", "\"", "\\", "n", "\n", "é", "{", "}", ",", "=",
                                                    "#", " ", "\t", "9", ":", "\r");
  const auto word = rc::gen::map(rc::gen::container<std::vector<std::string>>(letter),
                                 [](const std::vector<std::string>& letters) {
                                   std::string all;
                                   for (const std::string& one : letters) all += one;
                                   return all;
                                 });
  SamplesByKey all;
  for (int i = 0; i < 3; ++i) {
    metric::SeriesKey key{*word + "x", {{*word + "a", *word + "v"}, {*word + "b", *word + "w"}}};
    std::ranges::sort(key.labels);
    const auto bits = *rc::gen::arbitrary<std::uint64_t>();
    double value = std::bit_cast<double>(bits);
    if (std::isnan(value)) value = Limits::quiet_NaN();
    all[key] = {{*rc::gen::inRange<std::int64_t>(-1'000'000'000'000, 4'000'000'000'000), value}};
  }
  for (const ExchangeFormat format : {csv, json_lines, openmetrics})
    expect_same(all, imported(exported(all, format), format, 5));
}

}  // namespace
}  // namespace ullage::history
