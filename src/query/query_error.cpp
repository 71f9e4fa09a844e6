// SPDX-License-Identifier: Apache-2.0
#include "query/query_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "query/ast.h"

namespace ullage::query {

namespace {

// A machine's query may be one line of kilobytes: as much is shown as fits a terminal.
constexpr std::size_t kShownBefore = 60;
constexpr std::size_t kShownMax = 110;

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

// The first or last `count` code points.
std::string_view first_points(std::string_view text, std::size_t count) {
  std::size_t i = 0;
  for (; i < text.size() && count > 0; --count) i += std::max<std::size_t>(utf8_length(text.substr(i)), 1);
  return text.substr(0, i);
}
std::string_view last_points(std::string_view text, std::size_t count) {
  const std::size_t all = width(text);
  return all <= count ? text : text.substr(first_points(text, all - count).size());
}

struct Place {
  std::size_t line_number = 1;
  std::string_view before, marked, after;  // of the line
};

Place find_place(std::string_view query, Span span) {
  const std::size_t begin = std::min(span.begin, query.size());
  const std::string_view head = query.substr(0, begin);
  const std::size_t line_begin = head.rfind('\n') + 1;  // npos + 1 is 0
  const std::string_view line =
      query.substr(line_begin, std::min(query.find('\n', begin), query.size()) - line_begin);
  const std::size_t end = std::clamp(span.end, begin, line_begin + line.size());
  return {1 + static_cast<std::size_t>(std::ranges::count(head, '\n')), line.substr(0, begin - line_begin),
          query.substr(begin, end - begin), line.substr(end - line_begin)};
}

std::string shown(const Place& place) {
  std::string before = printable(last_points(place.before, kShownBefore));
  if (width(place.before) > kShownBefore) before = "…" + before;
  const std::size_t left = kShownMax - std::min(width(before), kShownMax);
  const std::string marked = printable(first_points(place.marked, left));
  const std::string after = printable(first_points(place.after, left - std::min(width(marked), left)));
  const bool is_cut = width(place.marked) + width(place.after) > left;
  const std::string carets(std::max<std::size_t>(width(marked), 1), '^');
  return fmt::format("\n  {}{}{}{}\n  {}{}", before, marked, after, is_cut ? "…" : "",
                     std::string(width(before), ' '), carets);
}

}  // namespace

Error query_error(std::string_view query, Span span, std::string what, std::string hint) {
  const Place place = find_place(query, span);
  if (!trim(query).empty()) (hint.empty() ? what : hint) += shown(place);
  return {.what = std::move(what),
          .where = fmt::format("{}:{}", place.line_number, width(place.before) + 1),
          .hint = std::move(hint)};
}

}  // namespace ullage::query
