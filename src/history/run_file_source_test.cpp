// SPDX-License-Identifier: Apache-2.0
#include "history/run_file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "history/block.h"
#include "history/history.h"
#include "history/history_fixture.h"
#include "history/history_source.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

class RunFileSourceTest : public HistoryFolder {};

TEST_F(RunFileSourceTest, AnswersAsAHistoryDoes) {
  auto writer = SeriesWriter::create(scratch_.path() + "/run", 7, 1);
  ASSERT_TRUE(writer);
  HistoryWriter history = write();
  for (int second = 0; second < 900; ++second) {
    const metric::Tick made = tick(second, second > 100 && second < 300 ? 20 : 15);
    writer->append(made, table_);
    history.append(made, table_);
    if (second % 50 == 0) {
      ASSERT_TRUE(writer->flush());
    }
  }
  ASSERT_TRUE(writer->close());
  ASSERT_TRUE(history.close());
  const auto reader = SeriesReader::open(scratch_.path() + "/run", 7, 1);
  ASSERT_TRUE(reader);
  const RunFileSource run(*reader);
  const HistorySource whole = read();
  for (const auto& [begin, end] :
       {std::pair<std::int64_t, std::int64_t>{0, 900}, {50, 200}, {250, 400}, {300, 310}}) {
    const auto a = select_all(run, kNoon + begin * 1000, kNoon + end * 1000);
    const auto b = select_all(whole, kNoon + begin * 1000, kNoon + end * 1000);
    ASSERT_EQ(a.size(), b.size()) << begin;
    for (const auto& [key, samples] : a) {
      ASSERT_EQ(samples.size(), b.at(key).size()) << key << " " << begin;
      for (std::size_t i = 0; i < samples.size(); ++i) {
        EXPECT_EQ(samples[i].time_ms, b.at(key)[i].time_ms);
        EXPECT_EQ(is_absent(samples[i].value), is_absent(b.at(key)[i].value));
      }
    }
  }
  EXPECT_EQ(buckets_of(run, 60'000).at(key(3)).size(), buckets_of(whole, 60'000).at(key(3)).size());
  EXPECT_EQ(select_all(run, 0, kNoon * 2, {{"n", Matcher::Kind::regex, "1[0-9]"}}).size(), 10u);
  EXPECT_EQ(run.tier_ms({}, 60'000), 0);
}

}  // namespace
}  // namespace ullage::history
