// SPDX-License-Identifier: Apache-2.0
#include "server/api_v1_parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/moment.h"
#include "base/result.h"
#include "base/text.h"
#include "history/series_source.h"
#include "query/literal.h"
#include "query/parser.h"
#include "server/http_message.h"

namespace ullage::server {

namespace {

// Prometheus's own: web/api/v1/api.go.
constexpr std::string_view kMinTime = "-292273086-05-16T16:47:06Z";
constexpr std::string_view kMaxTime = "292277025-08-18T07:12:54.999999999Z";
constexpr std::int64_t kPointsMax = 11'000;
// Of years 1970 and 9999: what a history can have.
constexpr std::int64_t kFirstMs = 0, kLastMs = 253'402'300'799'999;
constexpr double kMostMs = 9e15;

tl::unexpected<Error> invalid(std::string_view parameter, const Error& why) {
  return fail(fmt::format("invalid parameter \"{}\": {}", parameter, why.what));
}

Result<std::int64_t> time_of(const Parameters& parameters, std::string_view name,
                             std::optional<std::int64_t> otherwise) {
  const std::string_view text = parameters.value(name);
  if (text.empty() && otherwise) return *otherwise;
  auto time = parse_api_time(text);
  if (!time) return invalid(name, time.error());
  return *time;
}

Result<std::int64_t> positive_duration_of(const Parameters& parameters, std::string_view name) {
  auto duration = parse_api_duration(parameters.value(name));
  if (!duration) return invalid(name, duration.error());
  if (*duration <= 0)
    return invalid(name, Error{.what = "zero or negative durations are not accepted. Try a positive one"});
  return *duration;
}

std::optional<std::uint32_t> hex_number(std::string_view digits) {
  if (digits.empty() || digits.size() > 6) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : digits) {
    const std::string_view all = "0123456789abcdef";
    const std::size_t digit = all.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c);
    if (digit == std::string_view::npos) return std::nullopt;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

void append_code_point(std::string& text, std::uint32_t point) {
  const auto add = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (point < 0x80) {
    add(point);
  } else if (point < 0x800) {
    add(0xC0 | point >> 6), add(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    add(0xE0 | point >> 12), add(0x80 | (point >> 6 & 0x3F)), add(0x80 | (point & 0x3F));
  } else {
    add(0xF0 | point >> 18), add(0x80 | (point >> 12 & 0x3F)), add(0x80 | (point >> 6 & 0x3F));
    add(0x80 | (point & 0x3F));
  }
}

}  // namespace

Result<std::int64_t> parse_api_time(std::string_view text) {
  if (text == kMinTime) return kFirstMs;
  if (text == kMaxTime) return kLastMs;
  if (const auto seconds = to_double(text)) {
    const double ms = std::round(*seconds * 1000);
    if (std::isfinite(ms) && std::abs(ms) < kMostMs) return static_cast<std::int64_t>(ms);
  } else if (text.find('T') != std::string_view::npos) {
    if (const auto moment = parse_moment(text, 0)) return *moment;
  }
  return fail(fmt::format("cannot parse \"{}\" to a valid timestamp", printable(text)));
}

Result<std::int64_t> parse_api_duration(std::string_view text) {
  if (const auto seconds = to_double(text)) {
    const double ms = std::round(*seconds * 1000);
    if (std::isfinite(ms) && std::abs(ms) < kMostMs) return static_cast<std::int64_t>(ms);
  } else if (!text.empty() && query::duration_length(text) == text.size()) {
    if (const auto ms = query::duration_value_ms(text)) return *ms;
  }
  return fail(fmt::format("cannot parse \"{}\" to a valid duration", printable(text)));
}

// Prometheus's "values" escaping: U__ in front, _ doubled, other code points as _hex_.
std::string unescape_label_name(std::string_view name) {
  if (!name.starts_with("U__")) return std::string(name);
  std::string plain;
  for (std::string_view rest = name.substr(3); !rest.empty();) {
    if (rest.starts_with("__")) {
      plain += '_';
      rest.remove_prefix(2);
    } else if (rest[0] != '_') {
      plain += rest[0];
      rest.remove_prefix(1);
    } else {
      rest.remove_prefix(1);
      const std::size_t end = rest.find('_');
      const auto point = end == std::string_view::npos ? std::nullopt : hex_number(rest.substr(0, end));
      if (!point || *point > 0x10FFFF || (*point >= 0xD800 && *point < 0xE000)) return std::string(name);
      append_code_point(plain, *point);
      rest.remove_prefix(end + 1);
    }
  }
  return plain;
}

Result<Bounds> parse_bounds(const Parameters& parameters, std::chrono::milliseconds timeout_max) {
  Bounds bounds{.timeout = timeout_max};
  if (!parameters.value("timeout").empty()) {
    const auto timeout = positive_duration_of(parameters, "timeout");
    if (!timeout) return fail(timeout.error());
    bounds.timeout = std::min(timeout_max, std::chrono::milliseconds(*timeout));
  }
  if (const std::string_view text = parameters.value("limit"); !text.empty()) {
    const auto limit = to_unsigned(text);
    if (!limit) return invalid("limit", Error{.what = "limit must be a whole number"});
    bounds.limit = *limit;
  }
  if (!parameters.value("lookback_delta").empty()) {
    const auto lookback = positive_duration_of(parameters, "lookback_delta");
    if (!lookback) return fail(lookback.error());
    bounds.lookback_ms = *lookback;
  }
  return bounds;
}

Result<InstantQuestion> parse_instant(const Parameters& parameters, std::int64_t now_ms) {
  const auto time = time_of(parameters, "time", now_ms);
  if (!time) return fail(time.error());
  return InstantQuestion{.query = std::string(parameters.value("query")), .time_ms = *time};
}

Result<RangeQuestion> parse_range(const Parameters& parameters) {
  const auto start = time_of(parameters, "start", std::nullopt),
             end = time_of(parameters, "end", std::nullopt);
  if (!start) return fail(start.error());
  if (!end) return fail(end.error());
  if (*end < *start) return invalid("end", Error{.what = "end timestamp must not be before start time"});
  const auto step = positive_duration_of(parameters, "step");
  if (!step) return fail(step.error());
  // For safety, as Prometheus has it.
  if ((*end - *start) / *step > kPointsMax)
    return fail(
        "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution "
        "(?step=XX)");
  return RangeQuestion{std::string(parameters.value("query")), *start, *end, *step};
}

Result<std::vector<history::Selection>> parse_selections(const Parameters& parameters) {
  const auto start = time_of(parameters, "start", kFirstMs), end = time_of(parameters, "end", kLastMs);
  if (!start) return fail(start.error());
  if (!end) return fail(end.error());
  if (*end < *start) return invalid("end", Error{.what = "end timestamp must not be before start time"});
  history::Selection selection{.begin_ms = std::clamp(*start, kFirstMs, kLastMs) - 1,
                               .end_ms = std::clamp(*end, kFirstMs, kLastMs)};
  std::vector<history::Selection> selections;
  for (const std::string& text : parameters.all("match[]")) {
    auto selector = query::parse_selector(text);
    if (!selector) return fail(fmt::format("invalid parameter \"match[]\": {}", selector.error().text()));
    selection.matchers = std::move(selector->matchers);
    selections.push_back(selection);
  }
  if (selections.empty()) {
    selection.matchers = {{.label = "__name__", .kind = history::Matcher::Kind::not_equal}};
    selections.push_back(std::move(selection));
  }
  return selections;
}

}  // namespace ullage::server
