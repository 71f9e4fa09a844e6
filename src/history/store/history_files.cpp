// SPDX-License-Identifier: Apache-2.0
#include "history/store/history_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"

namespace ullage::history {

namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr int kPartsMax = 99;

std::int64_t to_ms(sys_days day) { return std::int64_t{day.time_since_epoch().count()} * kDayMs; }

year_month_day day_of(std::int64_t time_ms) { return sys_days(std::chrono::days(time_ms / kDayMs)); }

// A number of exactly so many digits.
std::optional<unsigned> take_digits(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  const auto number = to_unsigned(text.substr(0, digits));
  text.remove_prefix(digits);
  return number ? std::optional(static_cast<unsigned>(*number)) : std::nullopt;
}

bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

HistoryFile make_file(Tier tier, year_month_day day, int part) {
  HistoryFile file{.tier = tier, .part = part};
  const std::string number = part == 0 ? "" : fmt::format(".{}", part);
  const int year = static_cast<int>(day.year());
  const unsigned month = static_cast<unsigned>(day.month());
  if (tier == Tier::hour) {
    const year_month_day first = day.year() / day.month() / 1;
    file.begin_ms = to_ms(first);
    file.end_ms = to_ms(sys_days(first + std::chrono::months(1)));
    file.name = fmt::format("{:04}-{:02}.hour{}.db", year, month, number);
    return file;
  }
  file.begin_ms = to_ms(day);
  file.end_ms = file.begin_ms + kDayMs;
  file.name = fmt::format("{:04}-{:02}-{:02}{}{}.db", year, month, static_cast<unsigned>(day.day()),
                          tier == Tier::minute ? ".minute" : "", number);
  return file;
}

}  // namespace

std::int64_t width_ms(Tier tier) {
  switch (tier) {
    case Tier::raw:
      return 0;
    case Tier::minute:
      return kMinuteMs;
    case Tier::hour:
      return kHourMs;
  }
  return 0;
}

std::string_view to_string(Tier tier) {
  switch (tier) {
    case Tier::raw:
      return "raw";
    case Tier::minute:
      return "minute";
    case Tier::hour:
      return "hour";
  }
  return "";
}

HistoryFile file_for(Tier tier, std::int64_t time_ms, int part) {
  check(time_ms >= kTimeMsMin && time_ms <= kTimeMsMax, "a time that a file's name can say");
  // A bucket ends with its time: that of midnight is the last of the day before.
  const std::int64_t within = tier == Tier::raw || time_ms == 0 ? time_ms : time_ms - 1;
  return make_file(tier, day_of(within), part);
}

std::optional<HistoryFile> parse_file_name(std::string_view name) {
  std::string_view rest = name;
  const auto year = take_digits(rest, 4);
  if (!year || !take(rest, "-")) return std::nullopt;
  const auto month = take_digits(rest, 2);
  if (!month) return std::nullopt;
  unsigned day = 1;
  Tier tier = Tier::raw;
  if (take(rest, "-")) {
    const auto digits = take_digits(rest, 2);
    if (!digits) return std::nullopt;
    day = *digits;
    if (take(rest, ".minute")) tier = Tier::minute;
  } else if (take(rest, ".hour")) {
    tier = Tier::hour;
  } else {
    return std::nullopt;
  }
  int part = 0;
  if (rest != ".db" && take(rest, ".")) {
    const auto number = to_unsigned(take_until(rest, '.'));
    if (!number || *number < 1 || *number > kPartsMax || rest != "db") return std::nullopt;
    part = static_cast<int>(*number);
  } else if (rest != ".db") {
    return std::nullopt;
  }
  const year_month_day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                            std::chrono::day(day)};
  if (!date.ok() || *year < 1970) return std::nullopt;
  HistoryFile file = make_file(tier, date, part);
  return file.name == name ? std::optional(std::move(file)) : std::nullopt;
}

Result<std::vector<HistoryFile>> list_history(const std::string& folder) {
  std::error_code error;
  std::vector<HistoryFile> files;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (auto file = parse_file_name(at->path().filename().native())) files.push_back(std::move(*file));
  if (error) return fail_errno("cannot read the folder of the history", folder, error.value());
  std::ranges::sort(files, {},
                    [](const HistoryFile& file) { return std::tuple(file.tier, file.begin_ms, file.part); });
  return files;
}

}  // namespace ullage::history
