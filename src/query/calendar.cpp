// SPDX-License-Identifier: Apache-2.0
#include "query/calendar.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>

namespace ullage::query {

namespace {

constexpr std::int64_t kSecondsPerDay = 86400, kDaysPerEra = 146097;  // an era: 400 years
// Go counts days from a March 1st so far back that all its times are positive, in unsigned arithmetic: what
// lies before wraps to the far future. NaN, cut to an integer, is such a time.
constexpr std::int64_t kErasBefore = 292277022400 / 400;
constexpr std::uint64_t kDaysBefore = static_cast<std::uint64_t>(kErasBefore) * kDaysPerEra + 719468;

bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

}  // namespace

CalendarTime calendar_time(std::int64_t seconds) {
  // The civil-from-days algorithm: years begin in March, so that the leap day is the last of its year.
  const std::uint64_t absolute = static_cast<std::uint64_t>(seconds) + kDaysBefore * kSecondsPerDay;
  const std::uint64_t days = absolute / kSecondsPerDay;
  const auto rest = static_cast<int>(absolute % kSecondsPerDay);
  const auto era = static_cast<std::int64_t>(days / kDaysPerEra);
  const auto day_of_era = static_cast<int>(days % kDaysPerEra);
  const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int march_day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int march_month = (5 * march_day + 2) / 153;

  CalendarTime time;
  time.day = march_day - (153 * march_month + 2) / 5 + 1;
  time.month = march_month < 10 ? march_month + 3 : march_month - 9;
  time.year = (era - kErasBefore) * 400 + year_of_era + (time.month <= 2 ? 1 : 0);
  time.hour = rest / 3600;
  time.minute = rest / 60 % 60;
  time.second = rest % 60;
  time.weekday = static_cast<int>((days + 11 - kDaysBefore % 7) % 7);
  static constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int leap = is_leap(time.year) ? 1 : 0;
  for (int month = 1; month < time.month; ++month)
    time.day_of_year += kDays[month - 1] + (month == 2 ? leap : 0);
  time.day_of_year += time.day - 1;
  time.days_in_month = kDays[time.month - 1] + (time.month == 2 ? leap : 0);
  return time;
}

std::int64_t whole_seconds(double value) {
  constexpr double kLimit = 9223372036854775808.0;
  if (value >= -kLimit && value < kLimit) return static_cast<std::int64_t>(value);
  return std::numeric_limits<std::int64_t>::min();
}

std::string utc_text(std::int64_t seconds) {
  const CalendarTime time = calendar_time(seconds);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", time.year, time.month, time.day, time.hour,
                     time.minute, time.second);
}

}  // namespace ullage::query
