// SPDX-License-Identifier: Apache-2.0
#include "query/calendar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace ullage::query {
namespace {

TEST(Calendar, DatesOfSeconds) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(utc_text(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(utc_text(951'782'400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(utc_text(4'107'542'399), "2100-02-28T23:59:59Z");
  EXPECT_EQ(utc_text(4'107'542'400), "2100-03-01T00:00:00Z");
  EXPECT_EQ(utc_text(-62'135'596'800), "0001-01-01T00:00:00Z");
}

TEST(Calendar, PlacesInWeekYearAndMonth) {
  const CalendarTime thursday = calendar_time(0), last = calendar_time(978'307'199);  // 2000-12-31
  EXPECT_EQ(thursday.weekday, 4);
  EXPECT_EQ(thursday.day_of_year, 1);
  EXPECT_EQ(last.weekday, 0);
  EXPECT_EQ(last.day_of_year, 366);
  EXPECT_EQ(last.days_in_month, 31);
  EXPECT_EQ(calendar_time(951'782'400).days_in_month, 29);
}

TEST(Calendar, WhatIsNoTimeIsFarAwayAndNeverUndefined) {
  EXPECT_EQ(whole_seconds(std::nan("")), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(whole_seconds(1e300), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(whole_seconds(-1.9), -1);
  EXPECT_EQ(calendar_time(std::numeric_limits<std::int64_t>::min()).year, 292'277'026'596);  // as Go has it
}

}  // namespace
}  // namespace ullage::query
