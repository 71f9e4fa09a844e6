// SPDX-License-Identifier: Apache-2.0
// The files of each version of the format are read for ever: one of each lies in testdata/version_N, as the
// ullage of its time wrote it. A version that is committed is never written again; ULLAGE_RENEW=1 makes the
// folder of the newest, when there is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "history/block.h"
#include "history/history.h"
#include "history/history_fixture.h"
#include "history/history_source.h"
#include "history/maintenance.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "history/store/block_file.h"
#include "history/store/history_files.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

// Values of every kind that a column can have.
double value_of(metric::SeriesId n, int second) {
  switch (n % 5) {
    case 0:
      return 4096.0 * (second / 7 % 100);
    case 1:
      return second * 0.25 + n;
    case 2:
      return std::sqrt(second + n);
    case 3:
      return 42;
    default:
      return (second * 7919) % 1000 / 100.0;
  }
}

metric::Tick tick_of(int second, metric::SeriesTable& table) {
  metric::Tick tick;
  tick.time_ms = kNoon + 36'000'000 + std::int64_t{1000} * second;  // past midnight on its way
  for (metric::SeriesId n = 0; n < 70; ++n)
    if (n < 60 || second / 600 % 2 == 0)
      tick.add(table.id(n % 2 == 0 ? "load" : "work_total", {{"n", std::to_string(n)}}), value_of(n, second));
  return tick;
}
constexpr int kTicks = 9000;
constexpr int kStep = 15;

void expect_all(const std::string& folder) {
  const auto source = HistorySource::open(folder);
  ASSERT_TRUE(source);
  const auto all = select_all(*source);
  ASSERT_EQ(all.size(), 70u);
  std::map<std::string, std::vector<Bucket>> hours = buckets_of(*source, 3'600'000);
  for (metric::SeriesId n = 0; n < 70; ++n) {
    const std::string key = (n % 2 == 0 ? "load{n=\"" : "work_total{n=\"") + std::to_string(n) + "\"}";
    double count = 0;
    for (const Sample& sample : all.at(key)) {
      if (is_absent(sample.value)) continue;
      const auto second = static_cast<int>((sample.time_ms - kNoon - 36'000'000) / 1000);
      EXPECT_EQ(sample.value, value_of(n, second));
      ++count;
    }
    EXPECT_EQ(count, n < 60 ? kTicks / kStep : kTicks / kStep * 8 / 15);
    double told = 0;
    for (const Bucket& bucket : hours.at(key)) told += bucket.count;
    EXPECT_EQ(told, count);
  }
  EXPECT_THAT(source->problems(), testing::IsEmpty());
}

class Format : public HistoryFolder {};

TEST_F(Format, OfEachVersionIsReadForEver) {
  const std::string newest = "src/history/testdata/version_1";
  if (std::getenv("ULLAGE_RENEW") != nullptr && !std::filesystem::exists(newest)) {
    folder_ = newest;
    HistoryWriter writer = write();
    for (int second = 0; second < kTicks; second += kStep) writer.append(tick_of(second, table_), table_);
    ASSERT_TRUE(writer.close());
    std::filesystem::remove(newest + "/lock");
  }
  for (int version = 1;; ++version) {
    const std::string folder = "src/history/testdata/version_" + std::to_string(version);
    if (!std::filesystem::exists(folder)) {
      EXPECT_EQ(version, kHistoryVersion + 1) << "the folder of a version is missing";
      break;
    }
    // A copy: the tree may be read-only, and SQLite may look for a log beside it.
    const std::string copy = scratch_.path() + "/" + std::to_string(version);
    std::filesystem::copy(folder, copy);
    expect_all(copy);
    EXPECT_TRUE(check_history(copy)->is_whole());
    // And it is gone on with.
    folder_ = copy;
    HistoryWriter writer = write();
    metric::SeriesTable table;
    writer.append(tick_of(kTicks, table), table);
    ASSERT_TRUE(writer.close());
    EXPECT_EQ(buckets_of(read(), 60'000).size(), 70u);
  }
}

TEST(HistoryFiles, NamesSayTheirTime) {
  EXPECT_EQ(file_for(Tier::raw, kNoon).name, "2023-11-14.db");
  EXPECT_EQ(file_for(Tier::minute, kNoon, 3).name, "2023-11-14.minute.3.db");
  EXPECT_EQ(file_for(Tier::hour, kNoon).name, "2023-11.hour.db");
  const std::int64_t midnight = kNoon + kDayMs / 2;
  EXPECT_EQ(file_for(Tier::raw, midnight).name, "2023-11-15.db");
  EXPECT_EQ(file_for(Tier::minute, midnight).name, "2023-11-14.minute.db") << "the bucket ends there";
  EXPECT_EQ(file_for(Tier::raw, kTimeMsMax).name, "9999-12-31.db");
  EXPECT_EQ(file_for(Tier::raw, 0).name, "1970-01-01.db");
  for (const Tier tier : {Tier::raw, Tier::minute, Tier::hour})
    for (std::int64_t time = 0; time < kTimeMsMax; time += 86'400'000'000 + 12'345) {
      const HistoryFile file = file_for(tier, time, static_cast<int>(time / 1000 % 100));
      const auto parsed = parse_file_name(file.name);
      ASSERT_TRUE(parsed) << file.name;
      EXPECT_EQ(parsed->tier, tier);
      EXPECT_EQ(parsed->begin_ms, file.begin_ms);
      EXPECT_EQ(parsed->end_ms, file.end_ms);
      EXPECT_EQ(parsed->part, file.part);
    }
}

TEST(HistoryFiles, OtherNamesAreNotTheHistorys) {
  for (const char* name : {"", ".db", "2023-11-14", "2023-11-14.db-wal", "2023-11-14.db.damaged",
                           "2023-02-30.db", "2023-13.hour.db", "2023-11.minute.db", "2023-11-14.hour.db",
                           "2023-11-14.0.db", "2023-11-14.01.db", "2023-11-14.100.db", "2023-11-14..db",
                           "2023-1-14.db", "1969-12-31.db", "lock", "2023-11-14.minute", "x2023-11-14.db"})
    EXPECT_FALSE(parse_file_name(name)) << name;
}

}  // namespace
}  // namespace ullage::history
