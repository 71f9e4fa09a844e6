// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/http_client.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "config/schema.h"

namespace ullage::config {

namespace {

constexpr std::size_t kTextLimitBytes = 4096;
constexpr std::size_t kItemLimit = 256;

// As a person would type it, in the largest unit that leaves a whole number.
std::string short_bytes(double bytes) {
  constexpr std::array kUnits = {"", "K", "M", "G", "T", "P"};
  std::size_t unit = 0;
  while (bytes >= 1024 && std::fmod(bytes, 1024) == 0 && unit + 1 < kUnits.size()) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{}{}", bytes, kUnits[unit]);
}

std::string short_duration(double seconds) {
  if (seconds == 0) return "0";
  if (seconds < 1) return fmt::format("{}ms", seconds * 1000);
  for (const auto& [size, name] : {std::pair{86400.0, "d"}, {3600.0, "h"}, {60.0, "m"}})
    if (std::fmod(seconds, size) == 0) return fmt::format("{}{}", seconds / size, name);
  return fmt::format("{}s", seconds);
}

std::string short_value(const Key& key, double value) {
  if (key.type == Type::bytes) return short_bytes(value);
  if (key.type == Type::duration) return short_duration(value);
  if (key.unit == "ratio") return fmt::format("{}%", value * 100);
  return value >= 1e6 ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

Result<void> check_range(const Key& key, std::string_view text, double value) {
  if (value >= key.least && value <= key.most) return {};
  return fail(fmt::format("'{}' is out of range", printable(text)), {}, "it must be " + values_text(key));
}

std::optional<bool> to_flag(std::string_view text) {
  constexpr std::array<std::string_view, 4> kYes = {"true", "yes", "on", "1"},
                                            kNo = {"false", "no", "off", "0"};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  if (std::ranges::find(kYes, lower) != kYes.end()) return true;
  if (std::ranges::find(kNo, lower) != kNo.end()) return false;
  return std::nullopt;
}

Result<double> parse_count(std::string_view text) {
  const auto count = to_unsigned(text);
  if (!count) return fail(fmt::format("'{}' is not a whole number", printable(text)));
  return static_cast<double>(*count);
}

Result<double> parse_measure(const Key& key, std::string_view text) {
  if (key.type == Type::count) return parse_count(text);
  if (key.type == Type::bytes)
    return parse_bytes(text).map([](std::uint64_t n) { return static_cast<double>(n); });
  if (key.type == Type::duration) return parse_duration(text).map(to_seconds);
  return key.unit == "ratio" ? parse_ratio(text) : parse_number(text);
}

Result<std::string> check_measure(const Key& key, std::string_view text) {
  auto value = parse_measure(key, text);
  if (!value) {
    Error error = std::move(value).error();
    error.what = printable(error.what);
    if (error.hint.empty())
      error.hint = "it must be " + values_text(key);
    else if (!key.words.empty())
      error.hint += fmt::format(", or is {}", key.words);
    return fail(std::move(error));
  }
  if (auto inside = check_range(key, text, *value); !inside) return pass_on(inside);
  return std::string(text);
}

Result<std::string> check_choice(const Key& key, std::string_view text) {
  const auto words = words_of(key);
  for (const std::string_view word : words) {
    if (text == word && !word.ends_with('=')) return std::string(text);
    if (!word.ends_with('=') || !text.starts_with(word)) continue;
    const std::string_view rest = trim(text.substr(word.size()));
    if (rest.empty())
      return fail(fmt::format("nothing stands after '{}'", word), {}, "it must be " + values_text(key));
    if (word != "signal=") return std::string(text);
    if (auto number = parse_signal(rest); !number) return pass_on(number);
    return std::string(text);
  }
  const std::string meant = did_you_mean(text, words);
  return fail(fmt::format("'{}' is not one of its values", printable(text)), {},
              (meant.empty() ? "" : meant + " ") + "it must be " + values_text(key));
}

// As a message names it, which the log and pages tell as well: of an address what is no secret, of a header
// nothing. Who writes an address wrongly may have a password anywhere before an '@'.
std::string named(const Key& key, std::string_view text) {
  if (key.name == "remote_write.headers") return "it";
  if (key.unit != "url") return '\'' + printable(text) + '\'';
  const std::size_t scheme = text.find("://"), at = text.rfind('@');
  const bool is_understood = at == std::string_view::npos ||
                             (scheme != std::string_view::npos && text.find_first_of("/?#", scheme + 3) > at);
  return is_understood ? '\'' + url_shown(text) + '\'' : "it";
}

Result<std::string> check_text(const Key& key, std::string_view text) {
  if (text.size() > kTextLimitBytes)
    return fail(fmt::format("a text of {} bytes is too long", text.size()), {},
                fmt::format("at most {}", kTextLimitBytes));
  if (std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20; }))
    return fail(named(key, text) + " holds a control character");
  if (text.empty() && !key.optional) return fail("is empty", {}, "it must be " + values_text(key));
  return std::string(text);
}

// What is in a setting is shown to whoever may see the settings.
Result<std::string> check_url(const Key& key, std::string_view text) {
  const bool is_http = text.starts_with("http://") || text.starts_with("https://");
  if (!is_http)
    return fail(named(key, text) + " is no address of HTTP", {}, "it starts with http:// or https://");
  std::string_view authority = text.substr(text.find("://") + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos)
    return fail("an address with a password in it", {},
                "names and secrets have settings and files of their own");
  if (authority.empty()) return fail(named(key, text) + " names no host");
  return std::string(text);
}

}  // namespace

Result<std::string> check_value(const Key& key, std::string_view text) {
  text = trim(text);
  if (key.optional && (text.empty() || text == "none")) return std::string();
  if (text.empty() && key.type != Type::list)
    return fail("has no value", {}, "it must be " + values_text(key));
  if (auto safe = check_text(key, text); !safe && key.type != Type::list) return pass_on(safe);
  if (key.type != Type::choice)
    for (const std::string_view word : words_of(key))
      if (text == word) return std::string(text);
  switch (key.type) {
    case Type::flag:
      if (const auto flag = to_flag(text)) return std::string(*flag ? "true" : "false");
      return fail(fmt::format("'{}' is neither true nor false", printable(text)));
    case Type::text:
      return key.unit == "url" ? check_url(key, text) : std::string(text);
    case Type::number:
    case Type::count:
    case Type::bytes:
    case Type::duration:
      return check_measure(key, text);
    case Type::choice:
      return check_choice(key, text);
    case Type::list:
      return check_items(key, split_list(text));
  }
  return fail("has no type");
}

Result<std::string> check_items(const Key& key, const std::vector<std::string>& items) {
  if (items.size() > kItemLimit)
    return fail(fmt::format("a list of {} is too long", items.size()), {},
                fmt::format("at most {}", kItemLimit));
  Key item = key;
  item.type = key.unit == "ratio" ? Type::number : Type::text;
  std::string list;
  for (const std::string& text : items) {
    auto checked = check_value(item, text);
    if (!checked) return checked;
    list += (list.empty() ? "" : ", ") + yaml_scalar(*checked);
  }
  return "[" + list + "]";
}

std::string range_text(const Key& key) {
  if (key.type == Type::flag || key.type == Type::text || key.type == Type::choice) return "";
  if (key.type == Type::list && key.unit != "ratio") return "";
  if (key.most == kUnbounded) return key.least == 0 ? "" : "of at least " + short_value(key, key.least);
  return fmt::format("from {} to {}", short_value(key, key.least), short_value(key, key.most));
}

Result<double> parse_ratio(std::string_view text) {
  text = trim(text);
  const bool percent = text.ends_with('%');
  auto number = to_double(trim(percent ? text.substr(0, text.size() - 1) : text));
  if (!number || !std::isfinite(*number))
    return fail(fmt::format("'{}' is not a ratio", printable(text)), {}, "a ratio reads as 80% or 0.8");
  return percent ? *number / 100 : *number;
}

Result<int> parse_signal(std::string_view text) {
  if (const auto number = to_unsigned(text); number && *number >= 1 && *number <= 64)
    return static_cast<int>(*number);
  const std::string_view name = text.starts_with("SIG") ? text.substr(3) : text;
  for (int number = 1; number < 32; ++number)
    if (const char* known = ::sigabbrev_np(number); known != nullptr && name == known) return number;
  return fail(fmt::format("'{}' is not a signal", printable(text)), {},
              "a signal reads as USR1, SIGUSR1 or 10");
}

std::vector<std::string> split_list(std::string_view text) {
  text = trim(text);
  if (text.starts_with('[') && text.ends_with(']') && text.size() >= 2)
    text = text.substr(1, text.size() - 2);
  std::vector<std::string> items;
  std::string item;
  char quote = 0;
  bool quoted = false;
  const auto finish = [&] {
    if (quoted || !trim(item).empty()) items.push_back(quoted ? item : std::string(trim(item)));
    item.clear();
    quoted = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '"' && c == '\\' && i + 1 < text.size())
      item += text[++i];
    else if (quote != 0 && c == quote)
      quote = 0;
    else if (quote == 0 && (c == '"' || c == '\'') && trim(item).empty()) {
      quote = c;
      quoted = true;
      item.clear();
    } else if (quote == 0 && c == ',')
      finish();
    else if (quote != 0 || !quoted)
      item += c;
  }
  finish();
  return items;
}

std::string yaml_scalar(std::string_view text) {
  constexpr std::string_view kSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+=%-";
  const bool plain = !text.empty() && text.find_first_not_of(kSafe) == std::string_view::npos &&
                     text[0] != '-' && text[0] != '%' && text[0] != '=' && text != "null";
  if (plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace ullage::config
