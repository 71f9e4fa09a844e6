// SPDX-License-Identifier: Apache-2.0
// What tests of a history share: a folder, ticks of series that are easy to tell, and answers as plain
// values. For tests only.
#pragma once

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "history/history.h"
#include "history/history_source.h"
#include "history/open_for_reading.h"
#include "history/series_source.h"
#include "metric/series.h"

namespace ullage::history {

constexpr std::int64_t kNoon = 1'700'000'000'000 / 86'400'000 * 86'400'000 + 43'200'000;  // of a day in 2023

using SamplesByKey = std::map<std::string, std::vector<Sample>>;
using BucketsByKey = std::map<std::string, std::vector<Bucket>>;

inline SamplesByKey select_all(const SeriesSource& source, std::int64_t begin_ms = 0,
                               std::int64_t end_ms = INT64_MAX / 2, std::vector<Matcher> matchers = {}) {
  SamplesByKey all;
  const auto done =
      source.select({std::move(matchers), begin_ms, end_ms},
                    [&](const metric::SeriesKey& key, std::span<const Sample> samples) -> Result<void> {
                      EXPECT_FALSE(all.contains(key.text())) << "a series comes once";
                      all[key.text()].assign(samples.begin(), samples.end());
                      return {};
                    });
  EXPECT_TRUE(done) << done.error().text();
  return all;
}

inline BucketsByKey buckets_of(const SeriesSource& source, std::int64_t tier_ms, std::int64_t begin_ms = 0,
                               std::int64_t end_ms = INT64_MAX / 2) {
  BucketsByKey all;
  const auto done = source.select_buckets(
      {{}, begin_ms, end_ms}, tier_ms,
      [&](const metric::SeriesKey& key, std::span<const Bucket> buckets) -> Result<void> {
        EXPECT_FALSE(all.contains(key.text())) << "a series comes once";
        all[key.text()].assign(buckets.begin(), buckets.end());
        return {};
      });
  EXPECT_TRUE(done) << done.error().text();
  return all;
}

// How many samples they tell of.
inline double counted(const std::vector<Bucket>& buckets) {
  double count = 0;
  for (const Bucket& bucket : buckets) count += bucket.count;
  return count;
}

class HistoryFolder : public testing::Test {
 protected:
  void SetUp() override {
    auto made = ScratchFolder::make();
    ASSERT_TRUE(made);
    scratch_ = std::move(*made);
    folder_ = scratch_.path() + "/history";
  }

  HistoryWriter write(const HistoryOptions& options = {}) {
    auto writer = HistoryWriter::open(folder_, options);
    EXPECT_TRUE(writer) << writer.error().text();
    return std::move(*writer);
  }
  HistorySource read() {
    auto source = HistorySource::open(folder_);
    EXPECT_TRUE(source) << source.error().text();
    return std::move(*source);
  }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
      if (entry.path().filename() != "lock") names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }

  // A tick of `count` series; series n has the value n + 1000 × seconds since noon.
  metric::Tick tick(std::int64_t second, metric::SeriesId count = 3) {
    metric::Tick made;
    made.time_ms = kNoon + 1000 * second;
    for (metric::SeriesId n = 0; n < count; ++n)
      made.add(table_.id("x", {{"n", std::to_string(n)}}), value(n, second));
    return made;
  }
  static double value(metric::SeriesId n, std::int64_t second) {
    return n + 1000.0 * static_cast<double>(second);
  }
  static std::string key(metric::SeriesId n) { return "x{n=\"" + std::to_string(n) + "\"}"; }

  ScratchFolder scratch_;
  std::string folder_;
  metric::SeriesTable table_;
};

}  // namespace ullage::history
