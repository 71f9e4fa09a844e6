// SPDX-License-Identifier: Apache-2.0
#include "run/thin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>

#include "metric/descriptor.h"

namespace ullage::run {
namespace {

using testing::ElementsAre;

TEST(Thinner, KeepsTheGreatestOfGaugesAndTheLastOfCounters) {
  Thinner thin(1000, 5000, 2);
  const std::size_t gauge = thin.add_column(metric::Kind::gauge);
  const std::size_t counter = thin.add_column(metric::Kind::counter);
  const double gauges[] = {1, 7, 2, 3}, counters[] = {10, 12, 15, 19};
  for (int i = 0; i < 4; ++i) {
    thin.begin_tick(1000 + 1000 * i);
    thin.set(gauge, gauges[i]);
    thin.set(counter, counters[i]);
  }
  thin.finish();
  EXPECT_THAT(thin.times_ms(), ElementsAre(2000, 4000));
  EXPECT_THAT(thin.column(gauge), ElementsAre(7, 3));
  EXPECT_THAT(thin.column(counter), ElementsAre(12, 19));
}

TEST(Thinner, LeavesAGapWhereNothingWasRead) {
  Thinner thin(0, 3000, 3);
  const std::size_t gauge = thin.add_column(metric::Kind::gauge);
  for (const int second : {0, 1, 2}) {
    thin.begin_tick(second * 1000);
    if (second != 1) thin.set(gauge, second);
  }
  thin.finish();
  ASSERT_EQ(thin.column(gauge).size(), 3u);
  EXPECT_TRUE(std::isnan(thin.column(gauge)[1]));
}

TEST(Thinner, TicksOutsideTheSpanAreKept) {
  Thinner thin(1000, 2000, 10);
  const std::size_t gauge = thin.add_column(metric::Kind::gauge);
  for (const int time : {900, 1500, 9000, 9500}) {
    thin.begin_tick(time);
    thin.set(gauge, time);
  }
  thin.finish();
  EXPECT_THAT(thin.times_ms(), ElementsAre(900, 1500, 9500));
}

}  // namespace
}  // namespace ullage::run
