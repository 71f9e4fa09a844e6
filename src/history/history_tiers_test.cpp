// SPDX-License-Identifier: Apache-2.0
// What minutes and hours say is what the samples say, whatever happened to the writer.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/sanitizer.h"
#include "history/history.h"
#include "history/history_fixture.h"
#include "history/history_source.h"
#include "history/maintenance.h"
#include "history/series_source.h"
#include "history/store/bucket.h"
#include "history/store/history_files.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

bool is_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// Exact but for the order in which a sum is made, which for these values does not matter.
void expect_exact(const HistorySource& source, std::int64_t tier, std::int64_t begin, std::int64_t end) {
  const auto buckets = buckets_of(source, tier, begin, end);
  const std::int64_t last = end / tier * tier;
  std::size_t keys = 0;
  for (const auto& [key, samples] : select_all(source, begin / tier * tier, last)) {
    const auto wanted = to_buckets(samples, tier);
    ++keys;
    ASSERT_TRUE(buckets.contains(key)) << key;
    const auto& got = buckets.at(key);
    ASSERT_EQ(got.size(), wanted.size()) << key;
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].time_ms, wanted[i].time_ms);
      EXPECT_TRUE(is_same(got[i].min, wanted[i].min)) << key << " " << got[i].min << " " << wanted[i].min;
      EXPECT_TRUE(is_same(got[i].max, wanted[i].max)) << key;
      EXPECT_TRUE(is_same(got[i].sum, wanted[i].sum)) << key << " " << got[i].sum << " " << wanted[i].sum;
      EXPECT_EQ(got[i].count, wanted[i].count) << key << " at " << got[i].time_ms;
      EXPECT_TRUE(is_same(got[i].last, wanted[i].last)) << key;
    }
  }
  EXPECT_EQ(buckets.size(), keys);
}

class Tiers : public HistoryFolder {};

// Days of a machine in which everything happens: series come and go, the clock jumps, the writer is closed,
// or killed (which is a copy of its folder as it is), ticks come at odd times.
TEST_F(Tiers, AreExactWhateverHappened) {
  for (std::uint32_t seed = 1; seed <= (kUnderSanitizer ? 1 : 5); ++seed) {
    folder_ = scratch_.path() + "/" + std::to_string(seed);
    std::mt19937 random(seed);
    std::int64_t now = kNoon;
    auto writer = std::make_unique<HistoryWriter>(write({.series_max = 60}));
    for (int step = 0; step < 1500; ++step) {
      now += 500 * (1 + static_cast<std::int64_t>(random() % 40));
      metric::Tick made;
      made.time_ms = now;
      for (metric::SeriesId n = 0; n < 20; ++n)
        if (random() % 8 != 0) {
          const std::uint32_t life = n < 10 ? 0 : static_cast<std::uint32_t>(step) / (20 * n);
          double value = static_cast<double>(random() % 100'000) / 4 - 1000;
          if (random() % 500 == 0) value = std::numeric_limits<double>::quiet_NaN();
          made.add(table_.id("x", {{"n", std::to_string(n)}, {"life", std::to_string(life)}}), value);
        }
      writer->append(made, table_);
      switch (random() % 200) {
        case 0:
          now += 3'600'000 + static_cast<std::int64_t>(random() % 86'400'000);
          break;
        case 1:
          now -= static_cast<std::int64_t>(random() % 100'000'000);
          break;
        case 2:
          ASSERT_TRUE(writer->close());
          writer.reset();
          writer = std::make_unique<HistoryWriter>(write({.series_max = 60}));
          break;
        case 3: {
          ASSERT_TRUE(writer->flush());
          const std::string killed = folder_ + "k";
          std::filesystem::copy(folder_, killed);
          writer.reset();
          folder_ = killed;
          writer = std::make_unique<HistoryWriter>(write({.series_max = 60}));
          break;
        }
        default:
          if (random() % 3 == 0) {
            ASSERT_TRUE(writer->flush());
          }
      }
    }
    ASSERT_TRUE(writer->flush());
    const HistorySource source = read();
    for (const std::int64_t tier : {60'000, 3'600'000}) {
      expect_exact(source, tier, 0, kNoon + 100 * 86'400'000ll);
      expect_exact(source, tier, kNoon - 86'400'000, kNoon + 1234 * tier + 5);
      expect_exact(source, tier, kNoon + 17'000, kNoon + 86'400'000);
    }
    if (HasFailure()) FAIL() << "seed " << seed;
  }
}

// A flush a tick, as a daemon's: its journal is a chunk a tick.
TEST_F(Tiers, AKilledWritersBucketsAreMadeUpOnceEach) {
  for (std::int64_t kills = 1; kills <= 3; ++kills) {
    {
      HistoryWriter writer = write();
      for (std::int64_t second = 100 * (kills - 1) + 1; second <= 100 * kills; ++second) {
        writer.append(tick(second), table_);
        ASSERT_TRUE(writer.flush());
      }
      std::filesystem::copy(folder_, folder_ + "k");
    }
    folder_ += "k";
    ASSERT_TRUE(write().close());
    const auto stat = stat_history(folder_);
    ASSERT_TRUE(stat);
    ASSERT_THAT(stat->files, testing::SizeIs(3));
    EXPECT_EQ(stat->files[1].tier, Tier::minute);
    EXPECT_EQ(stat->files[1].ticks, std::vector<std::uint64_t>({2, 5, 7})[kills - 1]);
    EXPECT_EQ(stat->files[2].ticks, kills);
  }
  ASSERT_TRUE(compact_history(folder_));
  const auto check = check_history(folder_);
  ASSERT_TRUE(check);
  EXPECT_TRUE(check->is_whole());
  EXPECT_EQ(check->files[1].ticks, 5u);
  EXPECT_EQ(check->files[2].ticks, 1u);
  EXPECT_EQ(check->files[2].series, 3u);
  const HistorySource source = read();
  EXPECT_EQ(counted(buckets_of(source, 3'600'000).at(key(2))), 300);
  for (const std::int64_t tier : {60'000, 3'600'000}) expect_exact(source, tier, 0, kNoon + 86'400'000);
}

TEST_F(Tiers, AreChosenWhenTheirBucketsMakeUpTheWindows) {
  HistoryWriter writer = write();
  for (int minute = 0; minute < 300; ++minute) writer.append(tick(std::int64_t{60} * minute), table_);
  ASSERT_TRUE(writer.close());
  const HistorySource source = read();
  const Selection all{{}, kNoon, kNoon + 18'000'000};
  EXPECT_EQ(source.tier_ms(all, 7'200'000), 3'600'000);
  EXPECT_EQ(source.tier_ms(all, 300'000), 60'000);
  EXPECT_EQ(source.tier_ms(all, 90'000), 0);
  EXPECT_EQ(source.tier_ms(all, 1'000), 0);
  EXPECT_EQ(source.tier_ms({{}, 0, 1000}, 3'600'000), 0);  // nothing there
}

TEST_F(Tiers, OfAWindowAreWhatPromqlSaysOfIt) {
  Accumulator some;
  for (const double value : {std::nan(""), 3.0, std::nan(""), 1.0}) some.add(value);
  const Bucket bucket = some.bucket(60);
  EXPECT_EQ(bucket.min, 1);
  EXPECT_EQ(bucket.max, 3);
  EXPECT_EQ(bucket.count, 4);
  EXPECT_TRUE(std::isnan(bucket.sum));
  Accumulator none;
  none.add(std::nan(""));
  EXPECT_TRUE(std::isnan(none.bucket(0).min) && std::isnan(none.bucket(0).max));
  Accumulator large;
  for (const double value : {1e16, 1.0, 1.0, 1.0, -1e16}) large.add(value);
  EXPECT_EQ(large.bucket(0).sum, 3);
  Accumulator infinite;
  for (const double value : {1.0, std::numeric_limits<double>::infinity(), 1.0}) infinite.add(value);
  EXPECT_EQ(infinite.bucket(0).sum, std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace ullage::history
