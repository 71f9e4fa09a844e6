// SPDX-License-Identifier: Apache-2.0
#include "base/moment.h"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/units.h"

namespace ullage {

namespace {

namespace chrono = std::chrono;

constexpr std::string_view kHint =
    "a moment reads as 2026-11-26T12:00:00Z, 2026-11-26, 1795694400 (seconds since the epoch), now or -5m";
constexpr std::int64_t kMinuteMs = 60'000, kHourMs = 60 * kMinuteMs;
// What has four digits of a year.
constexpr double kSecondsMax = 253'402'300'799.0;

// Takes `digits` decimal digits off the front.
std::optional<int> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take_one_of(std::string_view& text, std::string_view signs) {
  if (text.empty() || signs.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "12:00", "12:00:30", "12:00:30.250": milliseconds of the day.
std::optional<std::int64_t> take_time_of_day(std::string_view& text) {
  const auto hours = take_digits(text, 2);
  if (!hours || *hours > 23 || !take_one_of(text, ":")) return std::nullopt;
  const auto minutes = take_digits(text, 2);
  if (!minutes || *minutes > 59) return std::nullopt;
  std::int64_t milliseconds = *hours * kHourMs + *minutes * kMinuteMs;
  if (!take_one_of(text, ":")) return milliseconds;
  const auto seconds = take_digits(text, 2);
  if (!seconds || *seconds > 59) return std::nullopt;
  milliseconds += *seconds * std::int64_t{1000};
  if (!take_one_of(text, ".")) return milliseconds;
  int unit = 100;
  if (text.empty() || text.front() < '0' || text.front() > '9') return std::nullopt;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; unit /= 10, text.remove_prefix(1))
    milliseconds += std::int64_t{text.front() - '0'} * unit;
  return milliseconds;
}

// "Z", "+02:00", or nothing: milliseconds east of Greenwich.
std::optional<std::int64_t> take_offset(std::string_view& text) {
  if (text.empty() || take_one_of(text, "Zz")) return 0;
  const bool is_west = text.front() == '-';
  if (!take_one_of(text, "+-")) return std::nullopt;
  const auto hours = take_digits(text, 2);
  take_one_of(text, ":");
  const auto minutes = take_digits(text, 2);
  if (!hours || !minutes || *hours > 14 || *minutes > 59) return std::nullopt;
  const std::int64_t offset = *hours * kHourMs + *minutes * kMinuteMs;
  return is_west ? -offset : offset;
}

std::optional<std::int64_t> parse_date(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take_one_of(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take_one_of(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day) return std::nullopt;
  const chrono::year_month_day date{chrono::year(*year), chrono::month(static_cast<unsigned>(*month)),
                                    chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const std::int64_t midnight = chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86'400'000};
  if (text.empty()) return midnight;
  if (!take_one_of(text, "Tt ")) return std::nullopt;
  const auto time_of_day = take_time_of_day(text);
  if (!time_of_day) return std::nullopt;
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  return midnight + *time_of_day - *offset;
}

}  // namespace

Result<std::int64_t> parse_moment(std::string_view text, std::int64_t now_ms) {
  if (text == "now") return now_ms;
  if (const auto date = parse_date(text)) return *date;
  if (const auto seconds = parse_number(text); seconds && *seconds >= 0 && *seconds <= kSecondsMax)
    return std::llround(*seconds * 1000);
  if (text.starts_with('-'))
    if (const auto ago = parse_duration(text.substr(1)))
      return now_ms - chrono::duration_cast<chrono::milliseconds>(*ago).count();
  return fail(fmt::format("'{}' is not a moment", text), "", std::string(kHint));
}

std::string format_moment(std::int64_t time_ms) {
  const chrono::sys_time<chrono::milliseconds> time{chrono::milliseconds(time_ms)};
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date{day};
  const chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace ullage
