// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace ullage {

namespace {

constexpr std::string_view kBlanks = " \t\n\r\f\v";

template <class Number>
std::optional<Number> whole_number(std::string_view digits) {
  Number value{};
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

// Control characters (C0, DEL and C1, which some terminals obey too), and those that turn the direction of
// text around (Unicode 15, Bidi_Control), which can make a name read as another.
bool acts_on_terminal(char32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || point == 0x61C || point == 0x200E ||
         point == 0x200F || (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
}

void append_escaped(std::string& line, char32_t point) {
  constexpr std::string_view kHex = "0123456789abcdef";
  line += point < 0x100 ? "\\x" : "\\u";
  for (int shift = point < 0x100 ? 4 : 12; shift >= 0; shift -= 4) line += kHex[point >> shift & 15];
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Optimal string alignment: insert, delete, replace, and swap of neighbours, one each.
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

}  // namespace

std::size_t utf8_length(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0u; };
  const auto continues = [&](std::size_t i) { return (at(i) & 0xC0u) == 0x80u; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && at(1) < 0xA0;
    const bool surrogate = first == 0xED && at(1) > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && at(1) < 0x90;
    const bool beyond = first == 0xF4 && at(1) > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

char32_t code_point(std::string_view sequence) {
  if (sequence.size() == 1) return static_cast<unsigned char>(sequence[0]);
  char32_t point = static_cast<unsigned char>(sequence[0]) & (0x7Fu >> sequence.size());
  for (const char c : sequence.substr(1)) point = point << 6 | (static_cast<unsigned char>(c) & 0x3Fu);
  return point;
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::string_view take_until(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return taken;
}

std::string_view take_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
  const std::string_view word = rest.substr(0, rest.find_first_of(kBlanks));
  rest.remove_prefix(word.size());
  return word;
}

std::optional<std::uint64_t> to_unsigned(std::string_view digits) {
  return whole_number<std::uint64_t>(digits);
}
std::optional<std::int64_t> to_signed(std::string_view digits) { return whole_number<std::int64_t>(digits); }
std::optional<double> to_double(std::string_view digits) { return whole_number<double>(digits); }

std::optional<std::string> nearest(std::string_view misspelt, std::span<const std::string_view> candidates) {
  const std::size_t few = misspelt.size() <= 3 ? 1 : misspelt.size() / 3 + 1;
  std::optional<std::string> best;
  std::size_t best_distance = few + 1;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(misspelt, candidate);
    if (distance >= best_distance || distance >= candidate.size()) continue;
    best = std::string(candidate);
    best_distance = distance;
  }
  return best;
}

std::string did_you_mean(std::string_view misspelt, std::span<const std::string_view> candidates) {
  const auto found = nearest(misspelt, candidates);
  return found ? "did you mean '" + *found + "'?" : "";
}

std::string valid_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    text += length == 0 ? std::string_view("\xEF\xBF\xBD") : bytes.substr(0, length);
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

std::string printable(std::string_view bytes) {
  std::string line;
  const std::string text = valid_utf8(bytes);
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = utf8_length(rest);
    const char32_t point = code_point(rest.substr(0, length));
    if (acts_on_terminal(point))
      append_escaped(line, point);
    else
      line += rest.substr(0, length);
    rest.remove_prefix(length);
  }
  return line;
}

}  // namespace ullage
