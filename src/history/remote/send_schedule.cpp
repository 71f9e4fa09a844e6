// SPDX-License-Identifier: Apache-2.0
#include "history/remote/send_schedule.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/http_client.h"
#include "base/result.h"
#include "base/text.h"

namespace ullage::history {

namespace {

constexpr std::int64_t kSecondsMax = 100'000'000;

// "Sun, 06 Nov 1994 08:49:37 GMT" as milliseconds since the epoch.
std::optional<std::int64_t> parse_date(std::string_view text) {
  constexpr auto kMonths = std::to_array<std::string_view>(
      {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"});
  take_word(text);  // the day of the week
  const auto day = to_unsigned(take_word(text));
  const auto* month = std::ranges::find(kMonths, take_word(text));
  const auto year = to_unsigned(take_word(text));
  std::string_view clock = take_word(text);
  const auto hours = to_unsigned(take_until(clock, ':'));
  const auto minutes = to_unsigned(take_until(clock, ':'));
  const auto seconds = to_unsigned(clock);
  if (!day || month == kMonths.end() || !year || *year > 9999 || !hours || !minutes || !seconds)
    return std::nullopt;
  if (*hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
  const std::chrono::year_month_day date(
      std::chrono::year(static_cast<int>(*year)),
      std::chrono::month(static_cast<unsigned>(month - kMonths.begin()) + 1),
      std::chrono::day(static_cast<unsigned>(std::min<std::uint64_t>(*day, 99))));
  if (!date.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return (days * 86'400 + static_cast<std::int64_t>(*hours * 3600 + *minutes * 60 + *seconds)) * 1000;
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& text, std::int64_t wall_ms) {
  if (const auto seconds = to_unsigned(trim(text)))
    return std::chrono::seconds(static_cast<std::int64_t>(std::min<std::uint64_t>(*seconds, kSecondsMax)));
  const auto date_ms = parse_date(text);
  if (!date_ms) return std::nullopt;
  return std::chrono::milliseconds(std::clamp<std::int64_t>(*date_ms - wall_ms, 0, kSecondsMax * 1000));
}

SendOutcome outcome_of(const Result<HttpAnswer>& answer, std::int64_t wall_ms) {
  if (!answer) return {.problem = answer.error().text()};
  SendOutcome outcome{.status = answer->status};
  if (answer->status / 100 == 2) return outcome;
  if (!answer->retry_after.empty()) outcome.retry_after = parse_retry_after(answer->retry_after, wall_ms);
  const std::string said = printable(trim(std::string_view(answer->body).substr(0, 200)));
  outcome.problem = "the answer is " + std::to_string(answer->status) + (said.empty() ? "" : ": " + said);
  return outcome;
}

Verdict judge(const SendOutcome& outcome) {
  switch (outcome.status) {
    case 429:
      return Verdict::again;
    case 400:
    case 409:
    case 413:
    case 422:
      return Verdict::unfit;
    default:
      break;
  }
  if (outcome.status / 100 == 2) return Verdict::taken;
  return outcome.status / 100 == 4 ? Verdict::refused : Verdict::again;
}

std::chrono::milliseconds BackOff::after_failure(const SendOutcome& outcome, double chance) {
  constexpr int kDoublingsMax = 30;
  const double grown = static_cast<double>(options_.first.count()) * static_cast<double>(1 << failures_);
  failures_ = std::min(failures_ + 1, kDoublingsMax);
  const double whole = std::min(grown, static_cast<double>(options_.longest.count()));
  const std::chrono::milliseconds wait(static_cast<std::int64_t>(whole * (0.5 + 0.5 * chance)));
  return std::max(wait, std::min(outcome.retry_after.value_or(wait), options_.retry_after_longest));
}

}  // namespace ullage::history
