// SPDX-License-Identifier: Apache-2.0
#include "history/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/sanitizer.h"
#include "history/block.h"
#include "history/history_fixture.h"
#include "history/history_source.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(HistoryFolder, GivesBackWhatWasAppended) {
  HistoryWriter writer = write();
  for (int second = 0; second < 2000; ++second) {
    writer.append(tick(second, 70), table_);
    if (second % 7 == 0) {
      ASSERT_TRUE(writer.flush());
    }
    if (second % 333 == 0) {
      ASSERT_TRUE(writer.flush());
      const auto some = select_all(read());
      ASSERT_EQ(some.size(), 70u);
      ASSERT_EQ(some.at(key(69)).size(), second + 1u);
    }
  }
  ASSERT_TRUE(writer.close());
  const HistorySource source = read();
  const auto all = select_all(source);
  ASSERT_EQ(all.size(), 70u);
  for (metric::SeriesId n = 0; n < 70; ++n) {
    const auto& samples = all.at(key(n));
    ASSERT_EQ(samples.size(), 2000u);
    for (int second = 0; second < 2000; ++second) {
      ASSERT_EQ(samples[second].time_ms, kNoon + std::int64_t{1000} * second);
      ASSERT_EQ(samples[second].value, value(n, second));
    }
  }
  EXPECT_THAT(source.problems(), IsEmpty());
  EXPECT_THAT(writer.counts().sentences(), IsEmpty());
}

// A view that is kept remembers of the journal what it has read; that is folded in meanwhile, and its numbers
// come again.
TEST_F(HistoryFolder, AViewThatIsKeptOpenAnswersAsOneThatIsOpenedAnew) {
  constexpr int kSeries = 1500;  // whose journal's blocks are of several pieces
  const auto told = [](const HistorySource& source, std::int64_t until_ms, std::vector<Matcher> matchers) {
    std::map<std::string, std::vector<std::pair<std::int64_t, std::uint64_t>>> bits;
    for (const auto& [name, samples] : select_all(source, until_ms - 299'000, until_ms, std::move(matchers)))
      for (const Sample& sample : samples)
        bits[name].emplace_back(sample.time_ms, std::bit_cast<std::uint64_t>(sample.value));
    return bits;
  };
  HistoryWriter writer = write();
  const HistorySource kept = read();
  for (int second = 0; second < 400; ++second) {
    writer.append(tick(second, kSeries), table_);
    ASSERT_TRUE(writer.flush());
    if (second % 50 != 49) continue;
    const std::int64_t until_ms = kNoon + std::int64_t{1000} * second;
    for (const int series : {second % kSeries, kSeries - 1, second % kSeries}) {
      const std::vector<Matcher> one = {{.label = "n", .value = std::to_string(series)}};
      const auto samples = told(kept, until_ms, one);
      ASSERT_EQ(samples.size(), 1u);
      ASSERT_EQ(samples, told(read(), until_ms, one)) << second;
    }
    if (second % 200 == 199) {
      ASSERT_EQ(told(kept, until_ms, {}), told(read(), until_ms, {}));
    }
  }
  EXPECT_THAT(kept.problems(), IsEmpty());
}

TEST_F(HistoryFolder, IsAFileADayAndNothingBesideWhenClosed) {
  HistoryWriter writer = write();
  for (int hour = 0; hour < 30; ++hour) writer.append(tick(std::int64_t{3600} * hour), table_);
  ASSERT_TRUE(writer.close());
  EXPECT_THAT(files(), ElementsAre("2023-11-14.db", "2023-11-14.minute.db", "2023-11-15.db",
                                   "2023-11-15.minute.db", "2023-11.hour.db"));
  EXPECT_EQ(select_all(read()).at(key(2)).size(), 30u);
}

TEST_F(HistoryFolder, JoinsManySeriesOfDaysThatHaveThemInAnotherOrder) {
  constexpr metric::SeriesId kMany = 5000;
  constexpr std::int64_t kDay = 86'400;
  HistoryWriter writer = write();
  writer.append(tick(0, kMany), table_);
  writer.append(tick(1, kMany), table_);
  ASSERT_TRUE(writer.close());
  HistoryWriter next = write();  // which knows none of them yet
  metric::Tick reversed = tick(kDay, kMany);
  std::ranges::reverse(reversed.values);
  next.append(reversed, table_);
  ASSERT_TRUE(next.close());
  const HistorySource source = read();
  const auto all = select_all(source, kNoon + 500, kNoon + kDay * 1000);
  ASSERT_EQ(all.size(), kMany);
  for (metric::SeriesId n = 0; n < kMany; ++n) {
    const auto& samples = all.at(key(n));
    ASSERT_EQ(samples.front().value, value(n, 1));
    ASSERT_EQ(samples.back().value, value(n, kDay));
  }
  const auto some = select_all(source, 0, INT64_MAX / 2, {{"n", Matcher::Kind::regex, "49.*|7"}});
  EXPECT_EQ(some.size(), 112u);
  std::size_t named = 0;
  const auto count = [&](const metric::SeriesKey&) -> Result<void> { return ++named, Result<void>(); };
  ASSERT_TRUE(source.select_series({{}, kNoon + 1500, kNoon + kDay * 1000}, count));
  EXPECT_EQ(named, kMany);
}

TEST_F(HistoryFolder, GoesOnAfterARestartAndCountersGoOnWithIt) {
  for (int start = 0; start < 5; ++start) {
    HistoryWriter writer = write();
    metric::SeriesTable other_ids;  // series are known by key, whatever their ids were
    other_ids.id("unrelated" + std::to_string(start));
    for (int second = start * 100; second < start * 100 + 100; ++second) {
      metric::Tick made;
      made.time_ms = kNoon + std::int64_t{1000} * second;
      made.add(other_ids.id("work_total", {{"of", "it"}}), second);
      writer.append(made, other_ids);
    }
    ASSERT_TRUE(writer.close());
  }
  const auto all = select_all(read());
  ASSERT_EQ(all.size(), 1u);
  ASSERT_EQ(all.begin()->second.size(), 500u);
  for (int second = 0; second < 500; ++second) EXPECT_EQ(all.begin()->second[second].value, second);
  const auto minutes = buckets_of(read(), 60'000);
  double count = 0;
  for (const Bucket& bucket : minutes.begin()->second) count += bucket.count;
  EXPECT_EQ(count, 500);
}

TEST_F(HistoryFolder, ATickThatIsNotAfterTheLastIsDroppedAndCounted) {
  HistoryWriter writer = write();
  writer.append(tick(10), table_);
  writer.append(tick(12), table_);
  writer.append(tick(12), table_);  // twice
  writer.append(tick(11), table_);  // out of order
  writer.append(tick(13), table_);
  EXPECT_EQ(writer.counts().late_ticks, 2u);
  EXPECT_THAT(writer.counts().sentences(), ElementsAre(HasSubstr("2 ticks were dropped")));
  ASSERT_TRUE(writer.close());
  EXPECT_EQ(select_all(read()).at(key(0)).size(), 3u);

  HistoryWriter again = write();
  again.append(tick(12), table_);  // and after a restart
  again.append(tick(14), table_);
  EXPECT_EQ(again.counts().late_ticks, 1u);
}

TEST_F(HistoryFolder, ATickOfATimeThatNoFileCanNameIsNoLateOne) {
  HistoryWriter writer = write();
  metric::Tick made = tick(0);
  writer.append(made, table_);
  made.time_ms = -5;
  writer.append(made, table_);
  EXPECT_EQ(writer.counts().late_ticks, 0u);
  EXPECT_EQ(writer.counts().impossible_ticks, 1u);
  EXPECT_EQ(writer.counts().taken_samples, 3u);
  EXPECT_THAT(writer.counts().sentences(),
              ElementsAre("1 tick was dropped: of a time outside of the years 1970 to 9999"));
}

TEST_F(HistoryFolder, OfTwoSamplesInATickTheFirstStays) {
  HistoryWriter writer = write();
  metric::Tick made = tick(0, 2);
  made.add(made.values[1].series, 77);
  writer.append(made, table_);
  EXPECT_EQ(writer.counts().duplicate_samples, 1u);
  ASSERT_TRUE(writer.close());
  EXPECT_EQ(select_all(read()).at(key(1)).at(0).value, value(1, 0));
  EXPECT_EQ(buckets_of(read(), 60'000).at(key(1)).at(0).count, 1);
}

TEST_F(HistoryFolder, AClockThatWasADayAheadAndCameBackLosesNothing) {
  HistoryWriter writer = write();
  for (int second = 0; second < 100; ++second) writer.append(tick(second), table_);
  for (int second = 100; second < 160; ++second) writer.append(tick(second + 86'400), table_);
  ASSERT_TRUE(writer.flush());
  for (int second = 160; second < 400; ++second) writer.append(tick(second), table_);
  EXPECT_EQ(writer.counts().late_ticks, 0u);
  ASSERT_TRUE(writer.close());
  const auto all = select_all(read());
  std::size_t real = 0;
  for (const Sample& sample : all.at(key(1))) real += is_absent(sample.value) ? 0 : 1;
  EXPECT_EQ(real, 400u);
  const double count = counted(buckets_of(read(), 3'600'000).at(key(1)));
  EXPECT_EQ(count, 400);

  // A day later, what was told falsely is not told again.
  HistoryWriter later = write();
  for (int second = 90; second < 170; ++second) later.append(tick(second + 86'400), table_);
  EXPECT_EQ(later.counts().late_ticks, 60u);
}

TEST_F(HistoryFolder, AClockThatIsADayBehindTellsNothingTwice) {
  HistoryWriter writer = write();
  for (int second = -86'400; second < -86'300; ++second) writer.append(tick(second), table_);
  for (int second = 0; second < 100; ++second) writer.append(tick(second), table_);
  for (int second = -86'390; second < -86'380; ++second) writer.append(tick(second), table_);
  for (int second = 100; second < 200; ++second) writer.append(tick(second), table_);
  EXPECT_EQ(writer.counts().late_ticks, 10u);
  ASSERT_TRUE(writer.close());
  const double count = counted(buckets_of(read(), 60'000).at(key(1)));
  EXPECT_EQ(count, 300);
}

TEST_F(HistoryFolder, AnHoursSuspendIsAGap) {
  HistoryWriter writer = write();
  for (int second = 0; second < 50; ++second) writer.append(tick(second), table_);
  for (int second = 3650; second < 3700; ++second) writer.append(tick(second), table_);
  ASSERT_TRUE(writer.close());
  const auto samples = select_all(read()).at(key(0));
  ASSERT_EQ(samples.size(), 101u);
  EXPECT_TRUE(is_absent(samples[50].value));
  EXPECT_EQ(samples[50].time_ms, kNoon + 50'000);
  EXPECT_EQ(buckets_of(read(), 60'000).at(key(0)).size(), 4u);  // none in between
}

TEST_F(HistoryFolder, ASeriesThatEndedIsStaleAtTheTickItMissed) {
  HistoryWriter writer = write();
  for (int second = 0; second < 60; ++second) writer.append(tick(second, second < 20 ? 3 : 2), table_);
  ASSERT_TRUE(writer.flush());
  const auto all = select_all(read());
  ASSERT_EQ(all.at(key(2)).size(), 21u);
  EXPECT_TRUE(is_absent(all.at(key(2)).back().value));
  EXPECT_EQ(all.at(key(2)).back().time_ms, kNoon + 20'000);
  EXPECT_EQ(all.at(key(1)).size(), 60u);
  // What begins after its end does not tell of it.
  EXPECT_FALSE(select_all(read(), kNoon + 25'000, kNoon + 60'000).contains(key(2)));
}

TEST_F(HistoryFolder, KeepsEveryFloatBitForBit) {
  const std::vector<double> odd = {0.0,
                                   -0.0,
                                   5e-324,
                                   1.7e308,
                                   std::numeric_limits<double>::infinity(),
                                   -std::numeric_limits<double>::infinity(),
                                   std::numeric_limits<double>::quiet_NaN(),
                                   0.1};
  HistoryWriter writer = write();
  for (std::size_t i = 0; i < odd.size(); ++i) {
    metric::Tick made;
    made.time_ms = kNoon + static_cast<std::int64_t>(i);
    made.add(table_.id("odd"), odd[i]);
    writer.append(made, table_);
  }
  ASSERT_TRUE(writer.close());
  const auto samples = select_all(read()).at("odd");
  ASSERT_EQ(samples.size(), odd.size());
  for (std::size_t i = 0; i < odd.size(); ++i)
    EXPECT_EQ(std::bit_cast<std::uint64_t>(samples[i].value), std::bit_cast<std::uint64_t>(odd[i]));
}

TEST_F(HistoryFolder, NamesThatAreIllegalHugeOrEmptyAreMadeLegalOrRefused) {
  HistoryWriter writer = write();
  metric::Tick made;
  made.time_ms = kNoon;
  made.add(table_.id(""), 1);
  made.add(table_.id("huge", {{"l", std::string(20'000, 'x')}}), 2);
  made.add(table_.id("not utf-8", {{"l\xff", "v\xff"}, {"empty", ""}}), 3);
  made.add(table_.id("", {{"__name__", "by_label"}}), 4);
  made.add(table_.id("controls", {{"l", std::string("a\0b\n", 4)}}), 5);
  writer.append(made, table_);
  EXPECT_EQ(writer.counts().illegal_samples, 2u);
  ASSERT_TRUE(writer.close());
  const auto all = select_all(read());
  EXPECT_EQ(all.size(), 3u);
  EXPECT_TRUE(all.contains("not utf-8{l\xEF\xBF\xBD=\"v\xEF\xBF\xBD\"}"));
  EXPECT_TRUE(all.contains("by_label"));
  EXPECT_TRUE(all.contains((std::string("controls{l=\"a\0b\\n\"}", 19))));
}

TEST_F(HistoryFolder, AHundredThousandNewSeriesInATickAreBoundedCountedAndSaid) {
  constexpr metric::SeriesId kMany = kUnderSanitizer ? 10'000 : 100'000;
  constexpr metric::SeriesId kRoom = kMany / 10 * 3;
  HistoryWriter writer = write({.series_max = kRoom});
  writer.append(tick(0, 10), table_);
  writer.append(tick(1, kMany), table_);
  writer.append(tick(2, 10), table_);
  EXPECT_EQ(writer.counts().live_series, kRoom);
  EXPECT_EQ(writer.counts().refused_samples, kMany - kRoom);
  EXPECT_THAT(writer.counts().sentences(), ElementsAre(HasSubstr("too many series live at the same time")));
  ASSERT_TRUE(writer.flush());
  // Those that are gone make room.
  EXPECT_EQ(writer.counts().live_series, 10u);
  writer.append(tick(3, kRoom / 2), table_);
  EXPECT_EQ(writer.counts().refused_samples, kMany - kRoom);
  ASSERT_TRUE(writer.close());
  const auto all = select_all(read());
  EXPECT_EQ(all.size(), kRoom);
  EXPECT_EQ(all.at(key(kRoom / 2)).at(0).value, value(kRoom / 2, 1));
}

TEST_F(HistoryFolder, IdsOfSeriesThatEndedWriteToNoOther) {
  HistoryWriter writer = write({.series_max = 8});
  const auto id = writer.id({"old", {}});
  ASSERT_TRUE(id);
  metric::Tick made;
  made.time_ms = kNoon;
  made.add(*id, 1);
  writer.append(made);
  for (int second = 1; second < 40; ++second) {
    writer.append(tick(second, 7), table_);
    ASSERT_TRUE(writer.flush());
  }
  made.time_ms = kNoon + 100'000;
  writer.append(made);
  EXPECT_EQ(writer.counts().forgotten_ids, 1u);
  ASSERT_TRUE(writer.close());
  EXPECT_EQ(buckets_of(read(), 3'600'000).at("old").at(0).count, 1);
}

TEST_F(HistoryFolder, HasOneWriter) {
  HistoryWriter writer = write();
  const auto second = HistoryWriter::open(folder_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().text(), HasSubstr("another process is writing"));
}

TEST_F(HistoryFolder, OldDaysAreAnsweredFromMinutesAndHours) {
  {
    HistoryWriter writer = write();
    for (int minute = 0; minute < 3 * 1440; ++minute)
      for (int second : {0, 30}) writer.append(tick(minute * 60 + second, 1), table_);
    ASSERT_TRUE(writer.close());
  }
  std::filesystem::remove(folder_ + "/2023-11-14.db");
  std::filesystem::remove(folder_ + "/2023-11-14.minute.db");
  std::filesystem::remove(folder_ + "/2023-11-15.db");
  const auto samples = select_all(read()).at(key(0));
  const auto count = [&](std::int64_t begin_hour, std::int64_t end_hour) {
    std::size_t found = 0;
    for (const Sample& sample : samples)
      found += sample.time_ms > kNoon + begin_hour * 3'600'000 &&
                       sample.time_ms <= kNoon + end_hour * 3'600'000 && !is_absent(sample.value)
                   ? 1
                   : 0;
    return found;
  };
  EXPECT_EQ(count(0, 12), 12u);     // hours
  EXPECT_EQ(count(12, 36), 1440u);  // minutes
  EXPECT_EQ(count(36, 60), 2880u);  // samples
}

TEST_F(HistoryFolder, WhatIsTooOldOrTooMuchIsUnlinkedInWholeFiles) {
  HistoryOptions options;
  options.keep.raw_ms = 3 * 86'400'000ll;
  options.keep.minute_ms = 5 * 86'400'000ll;
  HistoryWriter writer = write(options);
  for (int hour = 0; hour < 10 * 24; ++hour)
    for (int half : {0, 1}) {
      writer.append(tick(hour * 3600 + half * 1800), table_);
      ASSERT_TRUE(writer.flush());
    }
  EXPECT_GT(writer.counts().removed_files, 0u);
  std::size_t raw = 0, minutes = 0, hours = 0;
  for (const std::string& name : files()) {
    if (name.ends_with("-wal") || name.ends_with("-shm")) continue;
    (name.find("minute") != std::string::npos ? minutes
     : name.find("hour") != std::string::npos ? hours
                                              : raw) += 1;
  }
  EXPECT_EQ(raw, 4u);
  EXPECT_EQ(minutes, 6u);
  EXPECT_EQ(hours, 1u);

  options.keep.bytes_max = 1;
  ASSERT_TRUE(writer.close());
  HistoryWriter small = write(options);
  small.append(tick(864'000), table_);
  ASSERT_TRUE(small.flush());
  ASSERT_TRUE(small.close());
  EXPECT_LE(files().size(), 3u);
}

TEST_F(HistoryFolder, AClockThatRunsAwayRemovesNothingForItsAge) {
  {
    HistoryWriter writer = write();
    for (int second = 0; second < 10; ++second) writer.append(tick(second), table_);
    ASSERT_TRUE(writer.close());
  }
  HistoryWriter writer = write();
  const int year = 365 * 86'400;
  for (int second = 0; second < 300; ++second) {
    writer.append(tick(year + second), table_);
    ASSERT_TRUE(writer.flush());
  }
  EXPECT_EQ(writer.counts().removed_files, 0u);
  // When it goes on like that, it is believed.
  for (int minute = 5; minute < 80; ++minute) {
    writer.append(tick(year + minute * 60), table_);
    ASSERT_TRUE(writer.flush());
  }
  EXPECT_GT(writer.counts().removed_files, 0u);
}

TEST_F(HistoryFolder, TheNewestBucketsAreExactBeforeTheirTimeIsOver) {
  HistoryWriter writer = write();
  for (int second = 1; second <= 6543; ++second) writer.append(tick(second, 2), table_);
  ASSERT_TRUE(writer.flush());
  const auto minutes = buckets_of(read(), 60'000).at(key(1));
  const auto hours = buckets_of(read(), 3'600'000).at(key(1));
  double count = 0;
  for (const Bucket& bucket : minutes) count += bucket.count;
  EXPECT_EQ(count, 6543);
  ASSERT_EQ(hours.size(), 2u);
  EXPECT_EQ(hours[0].count, 3600);
  EXPECT_EQ(hours[1].count, 2943);
  EXPECT_EQ(hours[1].last, value(1, 6543));
}

}  // namespace
}  // namespace ullage::history
