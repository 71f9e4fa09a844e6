// SPDX-License-Identifier: Apache-2.0
#include "history/exchange/history_import.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/exchange/exchange.h"
#include "history/history.h"
#include "history/history_source.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

using Points = std::vector<std::pair<std::int64_t, double>>;

TEST(HistoryImport, SeriesOfDifferentTimesBecomeTicks) {
  std::string folder = testing::TempDir() + "/import-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  HistoryImport import;
  const std::vector<Sample> first = {
      {1'700'000'000'000, 1}, {1'700'000'002'000, 3}, {1'700'000'003'000, kAbsent}};
  const std::vector<Sample> second = {{1'700'000'001'000, 2}, {1'700'000'002'000, 4}};
  ASSERT_TRUE(import.take({"a", {{"job", "x"}}}, first));
  ASSERT_TRUE(import.take({"b", {}}, second));
  auto writer = HistoryWriter::open(folder);
  ASSERT_TRUE(writer) << writer.error().text();
  ASSERT_TRUE(import.write(*writer));
  ASSERT_TRUE(writer->close());
  EXPECT_TRUE(writer->counts().sentences().empty());

  const auto source = HistorySource::open(folder);
  ASSERT_TRUE(source);
  std::vector<std::pair<std::string, Points>> told;
  const Selection all{.matchers = {{"__name__", Matcher::Kind::not_equal, ""}}, .end_ms = 1'800'000'000'000};
  ASSERT_TRUE(
      source->select(all, [&](const metric::SeriesKey& key, std::span<const Sample> samples) -> Result<void> {
        Points points;
        for (const Sample& sample : samples)
          if (!is_absent(sample.value)) points.emplace_back(sample.time_ms, sample.value);
        told.emplace_back(key.text(), points);
        return {};
      }));
  std::ranges::sort(told);
  const std::vector<std::pair<std::string, Points>> expected = {
      {"a{job=\"x\"}", {{1'700'000'000'000, 1}, {1'700'000'002'000, 3}}},
      {"b", {{1'700'000'001'000, 2}, {1'700'000'002'000, 4}}}};
  EXPECT_EQ(told, expected);
  std::filesystem::remove_all(folder);
}

TEST(HistoryImport, MarkersOfStalenessStay) {
  std::string folder = testing::TempDir() + "/import-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string text =
      R"({"metric":{"__name__":"x"},"values":[1,2,null,5],"timestamps":)"
      R"([1700000000000,1700000001000,1700000003000,1700000004000]})"
      "\n"
      R"({"metric":{"__name__":"y"},"values":[1,null],"timestamps":[1700000000000,1700000001000]})"
      "\n"
      R"({"metric":{"__name__":"z"},"values":[1],"timestamps":[1700000099000]})"
      "\n";
  HistoryImport import;
  SampleReader reader(ExchangeFormat::json_lines,
                      [&](const metric::SeriesKey& key, std::span<const Sample> samples) {
                        return import.take(key, samples);
                      });
  ASSERT_TRUE(reader.feed(text));
  ASSERT_TRUE(reader.finish());
  auto writer = HistoryWriter::open(folder);
  ASSERT_TRUE(writer) << writer.error().text();
  ASSERT_TRUE(import.write(*writer));
  ASSERT_TRUE(writer->close());

  const auto source = HistorySource::open(folder);
  ASSERT_TRUE(source);
  std::string exported;
  const Selection ones{.matchers = {{"__name__", Matcher::Kind::regex, "x|y"}}, .end_ms = 1'700'000'004'000};
  ASSERT_TRUE(export_samples(*source, ones, ExchangeFormat::json_lines, [&](std::string_view piece) {
    exported += piece;
    return Result<void>();
  }));
  EXPECT_EQ(exported, text.substr(0, text.find("{\"metric\":{\"__name__\":\"z\"")));
  double counted = 0;
  ASSERT_TRUE(source->select_buckets(
      {.matchers = {{"__name__", Matcher::Kind::equal, "x"}}, .end_ms = 1'800'000'000'000}, 3'600'000,
      [&](const metric::SeriesKey&, std::span<const Bucket> buckets) -> Result<void> {
        for (const Bucket& bucket : buckets) counted += bucket.count;
        return {};
      }));
  EXPECT_EQ(counted, 3);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ullage::history
