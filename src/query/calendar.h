// SPDX-License-Identifier: Apache-2.0
// Dates in UTC of seconds since the epoch, for hour(), month() and their like; also for a time in a text.
#pragma once

#include <cstdint>
#include <string>

namespace ullage::query {

struct CalendarTime {
  std::int64_t year = 1970;
  int month = 1, day = 1;  // from 1
  int hour = 0, minute = 0, second = 0;
  int weekday = 4;      // Sunday is 0
  int day_of_year = 1;  // from 1
  int days_in_month = 31;
};

CalendarTime calendar_time(std::int64_t seconds);
// A value cut to whole seconds as Go on amd64 does it: what does not fit becomes the least integer.
std::int64_t whole_seconds(double value);
// 1970-01-01T00:00:00Z
std::string utc_text(std::int64_t seconds);

}  // namespace ullage::query
