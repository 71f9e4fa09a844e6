// SPDX-License-Identifier: Apache-2.0
#include "metric/sample_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "metric/exposition.h"
#include "metric/line_cursor.h"
#include "metric/series.h"

namespace ullage::metric {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
std::string shown(std::string_view word) { return '\'' + printable(word.substr(0, 40)) + '\''; }

}  // namespace

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char digits[32];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }
}

std::optional<double> parse_number_text(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return to_double(text);
}

void append_seconds(std::string& out, std::int64_t time_ms) {
  std::uint64_t size = static_cast<std::uint64_t>(time_ms);
  if (time_ms < 0) {
    out += '-';
    size = ~size + 1;
  }
  out += std::to_string(size / 1000);
  const std::uint64_t rest = size % 1000;
  if (rest == 0) return;
  const std::string thousandths = std::to_string(1000 + rest);
  out += '.';
  out += std::string_view(thousandths).substr(1, thousandths.find_last_not_of('0'));
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  constexpr double kMaxSeconds = 3.2e12;
  const auto seconds = parse_number_text(text);
  if (!seconds || !(std::abs(*seconds) < kMaxSeconds)) return std::nullopt;
  return std::llround(*seconds * 1000);
}

void append_labels(std::string& out, const Labels& labels) {
  bool is_first = true;
  for (const auto& [name, value] : labels) {
    if (!is_first) out += ',';
    is_first = false;
    if (is_legacy_name(name, false))
      out += name;
    else
      append_quoted(out, name);
    out += '=';
    append_quoted(out, value);
  }
}

Result<std::string> take_quoted(LineCursor& cursor) {
  const LineCursor begin = cursor;
  if (!cursor.take('"')) return cursor.fail_here("a quote is expected");
  std::string text;
  while (!cursor.is_at_end()) {
    const std::string_view rest = cursor.rest();
    const std::string_view plain = rest.substr(0, rest.find_first_of("\"\\"));
    text += plain;
    cursor.skip(plain.size());
    if (cursor.take('"')) return text;
    if (!cursor.take('\\')) continue;
    const char escaped = cursor.peek();
    if (escaped != '"' && escaped != '\\' && escaped != 'n') {
      text += '\\';  // of what is no escape the backslash stands for itself, as in Prometheus
      continue;
    }
    text += escaped == 'n' ? '\n' : escaped;
    cursor.skip(1);
  }
  return begin.fail_here("a quote that is not closed on its line");
}

Result<std::string> take_label_name(LineCursor& cursor) {
  if (cursor.peek() == '"') return take_quoted(cursor);
  const std::string_view rest = cursor.rest();
  const auto* end = std::ranges::find_if_not(rest, [](char c) { return is_letter(c) || is_digit(c); });
  const std::string_view name = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  if (!is_legacy_name(name, false))
    return cursor.fail_here("a label's name is expected",
                            "letters, digits and _, not a digit first; any other in quotes");
  cursor.skip(name.size());
  return std::string(name);
}

Result<void> take_labels(LineCursor& cursor, char end, Labels& labels) {
  const auto is_over = [&] { return end == '\0' ? cursor.is_at_end() : cursor.peek() == end; };
  while (!is_over()) {
    auto name = take_label_name(cursor);
    if (!name) return pass_on(name);
    if (!cursor.take('=')) return cursor.fail_here("= is expected after a label's name");
    auto value = take_quoted(cursor);
    if (!value) return pass_on(value);
    labels.push_back({std::move(*name), std::move(*value)});
    if (!cursor.take(',') && !is_over())
      return cursor.fail_here("a comma or the end of the labels is expected");
    if (cursor.is_at_end() && end != '\0') return cursor.fail_here("the labels do not end");
  }
  if (end != '\0') cursor.skip(1);
  return {};
}

Result<std::string> take_metric_name(LineCursor& cursor) {
  if (cursor.peek() == '"') return take_quoted(cursor);
  const std::string_view rest = cursor.rest();
  const std::string_view name = rest.substr(0, rest.find_first_of(" {"));
  if (!is_legacy_name(name, true))
    return cursor.fail_here(shown(name) + " is no name of a metric",
                            "letters, digits, _ and :; any other in quotes");
  cursor.skip(name.size());
  return std::string(name);
}

Result<SeriesKey> take_series_key(LineCursor& cursor) {
  SeriesKey key;
  if (cursor.peek() != '{') {
    auto name = take_metric_name(cursor);
    if (!name) return pass_on(name);
    key.name = std::move(*name);
  }
  if (!cursor.take('{')) return key;
  if (key.name.empty()) {
    auto name = take_quoted(cursor);
    if (!name) return pass_on(name);
    key.name = std::move(*name);
    if (!cursor.take(',') && cursor.peek() != '}')
      return cursor.fail_here("a comma is expected after the name");
  }
  if (cursor.is_at_end()) return cursor.fail_here("the labels do not end");
  if (auto taken = take_labels(cursor, '}', key.labels); !taken) return pass_on(taken);
  return key;
}

Result<void> pass_exemplar(LineCursor& cursor) {
  if (!cursor.rest().starts_with(" # {")) return cursor.fail_here("nothing but an exemplar may stand here");
  cursor.skip(4);
  Labels labels;
  if (auto taken = take_labels(cursor, '}', labels); !taken) return taken;
  if (!cursor.take(' ')) return cursor.fail_here("a blank and the exemplar's value are expected");
  if (const auto value = cursor.take_until(' '); !parse_number_text(value))
    return cursor.fail_here(shown(value) + " is no number", {}, value.size());
  if (!cursor.take(' ')) return {};
  if (const auto time = cursor.take_until(' '); !parse_seconds(time))
    return cursor.fail_here(shown(time) + " is no time", {}, time.size());
  return cursor.is_at_end() ? Result<void>() : cursor.fail_here("nothing may stand after an exemplar");
}

Result<void> settle_key(SeriesKey& key, const LineCursor& cursor) {
  std::ranges::sort(key.labels);
  const auto twice = std::ranges::adjacent_find(key.labels, {}, &Label::name);
  if (twice != key.labels.end()) return cursor.fail_here("the label " + shown(twice->name) + " stands twice");
  std::erase_if(key.labels, [](const Label& label) { return label.value.empty(); });
  if (key.name.empty()) return cursor.fail_here("a series without a name");
  std::size_t bytes = key.name.size();
  for (const auto& [name, value] : key.labels) {
    bytes += name.size() + value.size();
    if (name.empty()) return cursor.fail_here("a label without a name");
    if (name == "__name__") return cursor.fail_here("the label __name__ beside a name");
    if (valid_utf8(name) != name || valid_utf8(value) != value)
      return cursor.fail_here("the label " + shown(name) + " is not UTF-8");
  }
  if (valid_utf8(key.name) != key.name)
    return cursor.fail_here("the name " + shown(key.name) + " is not UTF-8");
  if (bytes > kKeyBytesMax)
    return cursor.fail_here("a name and labels of " + std::to_string(bytes) + " bytes",
                            "they may have " + std::to_string(kKeyBytesMax));
  return {};
}

}  // namespace ullage::metric
