// SPDX-License-Identifier: Apache-2.0
#include "query/quoting.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"

namespace ullage::query {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::uint32_t digit_value(char c) {
  if (is_digit(c)) return static_cast<std::uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint32_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint32_t>(c - 'A' + 10);
  return 16;
}

constexpr std::string_view kEscapeLetters = "abfnrtv\\";
constexpr std::string_view kEscapeValues = "\a\b\f\n\r\t\v\\";

void append_utf8(char32_t point, std::string& text) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | (point >> shift & 0x3F)); };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += {static_cast<char>(0xC0 | point >> 6), tail(0)};
  } else if (point < 0x10000) {
    text += {static_cast<char>(0xE0 | point >> 12), tail(6), tail(0)};
  } else {
    text += {static_cast<char>(0xF0 | point >> 18), tail(12), tail(6), tail(0)};
  }
}

// Appends what stands after a backslash, as Go reads it; how much of the text that was, 0 when it is no
// escape.
std::size_t append_escape(std::string_view text, char quote, std::string& value) {
  if (text.empty()) return 0;
  const char c = text[0];
  if (c == quote) return value += c, 1;
  if (const auto i = kEscapeLetters.find(c); i != std::string_view::npos) return value += kEscapeValues[i], 1;
  const bool is_octal = c >= '0' && c <= '7';
  const std::size_t begin = is_octal ? 0 : 1;
  const std::size_t digits = is_octal ? 3 : c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  const std::uint32_t base = is_octal ? 8 : 16;
  if (digits == 0 || text.size() < begin + digits) return 0;
  char32_t point = 0;
  for (const char digit : text.substr(begin, digits)) {
    if (digit_value(digit) >= base) return 0;
    point = point * base + digit_value(digit);
  }
  if (is_octal || c == 'x') {
    if (point > 0xFF) return 0;
    value += static_cast<char>(point);  // a byte, which need not be UTF-8
  } else {
    if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return 0;
    append_utf8(point, value);
  }
  return begin + digits;
}

// Those that would act on a terminal or cannot be seen: controls, separators, marks of direction and width.
bool is_shown(char32_t point) {
  return point >= 0x20 && !(point >= 0x7F && point < 0xA1) && point != 0xAD && point != 0x61C &&
         !(point >= 0x200B && point <= 0x200F) && !(point >= 0x2028 && point <= 0x202E) &&
         !(point >= 0x2060 && point <= 0x206F) && point != 0xFEFF;
}

void append_quoted(std::string_view character, bool is_utf8, std::string& quoted) {
  const char c = character[0];
  const auto letter = kEscapeValues.find(c);
  if (!is_utf8)
    quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  else if (c == '"')
    quoted += "\\\"";
  else if (letter != std::string_view::npos)
    quoted += {'\\', kEscapeLetters[letter]};
  else if (const char32_t point = code_point(character); is_shown(point))
    quoted += character;
  else
    quoted += fmt::format(fmt::runtime(point < 0x80 ? "\\x{:02x}" : "\\u{:04x}"),
                          static_cast<std::uint32_t>(point));
}

}  // namespace

Result<std::string> unquote(std::string_view text) {
  const char quote = text.front();
  std::string_view rest = text.substr(1, text.size() - 2);
  if (quote == '`') return std::string(rest);
  std::string value;
  while (!rest.empty()) {
    const std::size_t plain = std::min(rest.find('\\'), rest.size());
    value += rest.substr(0, plain);
    rest.remove_prefix(plain);
    if (rest.empty()) break;
    rest.remove_prefix(1);
    const std::size_t taken = append_escape(rest, quote, value);
    if (taken == 0)
      return fail("unknown escape in a string: \\" + printable(rest.substr(0, utf8_length(rest))), {},
                  R"(known are \n \t \r \\ \" \xff \377 \u00e9 \U0001f600)");
    rest.remove_prefix(taken);
  }
  return value;
}

std::string quote(std::string_view text) {
  std::string quoted = "\"";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    append_quoted(character, length > 0, quoted);
    text.remove_prefix(character.size());
  }
  return quoted + '"';
}

std::string quote_unless_name(std::string_view label) {
  const bool is_plain = !label.empty() && !is_digit(label[0]) && std::ranges::all_of(label, [](char c) {
    return is_letter(c) || is_digit(c) || c == '_';
  });
  return is_plain ? std::string(label) : quote(label);
}

}  // namespace ullage::query
