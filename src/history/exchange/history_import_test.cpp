// SPDX-License-Identifier: Apache-2.0
#include "history/exchange/history_import.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
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

}  // namespace
}  // namespace ullage::history
