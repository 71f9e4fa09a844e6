// SPDX-License-Identifier: Apache-2.0
#include "history/remote/series_ends.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "history/block.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

metric::Tick tick(std::int64_t second, std::initializer_list<metric::SeriesId> series) {
  metric::Tick made;
  made.time_ms = second * 1000;
  for (const metric::SeriesId id : series) made.add(id, 1);
  return made;
}

// "time:series" of the markers.
std::string text(const std::vector<metric::Tick>& markers) {
  std::string all;
  for (const metric::Tick& marker : markers)
    for (const metric::Value& value : marker.values) {
      EXPECT_TRUE(is_absent(value.value));
      all += std::to_string(marker.time_ms / 1000) + ":" + std::to_string(value.series) + " ";
    }
  return all;
}

TEST(SeriesEnds, ASeriesThatStaysAwayEndsWhereItsNextSampleWasDue) {
  SeriesEnds ends;
  for (int second = 1; second <= 5; ++second) EXPECT_EQ(text(ends.look(tick(second, {0, 1}))), "");
  for (int second = 6; second <= 8; ++second) EXPECT_EQ(text(ends.look(tick(second, {0}))), "");
  EXPECT_EQ(text(ends.look(tick(9, {0}))), "6:1 ");
  EXPECT_EQ(text(ends.look(tick(10, {0}))), "") << "it is said once";
  EXPECT_EQ(ends.live(), 1u);
}

TEST(SeriesEnds, OneThatIsMeasuredLessOftenLives) {
  SeriesEnds ends;
  std::string said;
  for (int second = 1; second <= 100; ++second)
    said += text(ends.look(second % 10 == 1 && second < 60 ? tick(second, {0, 1}) : tick(second, {0})));
  EXPECT_EQ(said, "61:1 ");
}

TEST(SeriesEnds, OneSampleStandsAsLongAsPrometheusLooksBack) {
  SeriesEnds ends;
  EXPECT_EQ(text(ends.look(tick(100, {0, 1}))), "");
  for (int second = 102; second <= 400; second += 2) EXPECT_EQ(text(ends.look(tick(second, {0}))), "");
  EXPECT_EQ(text(ends.look(tick(402, {0}))), "102:1 ");
}

TEST(SeriesEnds, AClockSetBackEndsNothing) {
  SeriesEnds ends;
  for (const int second : {1000, 1001, 1002, 5, 6, 7, 8, 9})
    EXPECT_EQ(text(ends.look(tick(second, {0, 1}))), "");
}

TEST(SeriesEnds, HoldsOnlyWhatLives) {
  SeriesEnds ends;
  for (metric::SeriesId second = 1; second <= 10'000; ++second) ends.look(tick(second, {second}));
  EXPECT_LT(ends.live(), 310u);
}

TEST(SeriesEnds, WatchesNoMoreThanItMayHold) {
  SeriesEnds ends(2);
  for (int second = 1; second <= 3; ++second) EXPECT_EQ(text(ends.look(tick(second, {0, 1, 2, 3}))), "");
  EXPECT_EQ(ends.live(), 2u);
  EXPECT_EQ(ends.unwatched_samples(), 6u);
  EXPECT_EQ(text(ends.look(tick(9, {5}))).size(), 8u);
  EXPECT_EQ(ends.live(), 0u);
}

}  // namespace
}  // namespace ullage::history
