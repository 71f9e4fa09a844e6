// SPDX-License-Identifier: Apache-2.0
#include "query/literal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/text.h"

namespace ullage::query {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

bool is_hex_prefix(std::string_view text) {
  return text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

// Digits of a base with single underscores between them.
std::size_t digits_length(std::string_view text, int base) {
  std::size_t length = 0;
  while (length < text.size()) {
    const std::size_t next = length > 0 && text[length] == '_' ? length + 1 : length;
    if (next >= text.size() || hex_value(text[next]) >= base) break;
    length = next + 1;
  }
  return length;
}

std::size_t exponent_length(std::string_view text) {
  if (text.empty() || (text[0] != 'e' && text[0] != 'E')) return 0;
  const std::size_t sign = text.size() > 1 && (text[1] == '+' || text[1] == '-') ? 1 : 0;
  const std::size_t digits = digits_length(text.substr(1 + sign), 10);
  return digits == 0 ? 0 : 1 + sign + digits;
}

struct Unit {
  std::string_view name;
  std::int64_t ms;
};
// In the order in which a duration names them, each at most once.
constexpr std::array<Unit, 7> kUnits = {{{"y", 365LL * 86400000},
                                         {"w", 7LL * 86400000},
                                         {"d", 86400000},
                                         {"h", 3600000},
                                         {"m", 60000},
                                         {"s", 1000},
                                         {"ms", 1}}};
// Prometheus counts nanoseconds in 64 bits.
constexpr std::int64_t kDurationMaxMs = std::numeric_limits<std::int64_t>::max() / 1000000;

struct Piece {
  std::string_view digits;
  std::string_view unit;
};

Piece next_piece(std::string_view text) {
  std::size_t digits = 0, end = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  for (end = digits; end < text.size() && is_letter(text[end]);) ++end;
  return {text.substr(0, digits), text.substr(digits, end - digits)};
}

std::optional<double> whole_number(std::string_view digits, int base) {
  std::int64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return static_cast<double>(value);
}

// "+03", "-7", none; one that is too large for a number stays as large as can be.
std::int64_t exponent_value(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return 0;
  constexpr std::int64_t kHuge = 1'000'000'000'000;
  return std::clamp(to_signed(text).value_or(text[0] == '-' ? -kHuge : kHuge), -kHuge, kHuge);
}

// Of a decimal number without underscores: from_chars does not say which way one is out of range.
bool is_below_one(std::string_view digits) {
  std::string_view exponent = digits;
  const std::string_view mantissa =
      take_until(exponent, digits.find('E') == std::string_view::npos ? 'e' : 'E');
  const std::size_t first = mantissa.find_first_not_of("0.");
  if (first == std::string_view::npos) return true;
  const auto point = static_cast<std::int64_t>(std::min(mantissa.find('.'), mantissa.size()));
  return point - static_cast<std::int64_t>(first) + exponent_value(exponent) <= 0;
}

}  // namespace

std::size_t number_length(std::string_view text) {
  if (is_hex_prefix(text)) {
    const std::size_t underscore = text[2] == '_' ? 1 : 0;
    const std::size_t digits = digits_length(text.substr(2 + underscore), 16);
    return digits == 0 ? 0 : 2 + underscore + digits;
  }
  std::size_t length = digits_length(text, 10);
  if (length < text.size() && text[length] == '.') {
    const std::size_t fraction = digits_length(text.substr(length + 1), 10);
    if (length == 0 && fraction == 0) return 0;
    length += 1 + fraction;
  }
  return length == 0 ? 0 : length + exponent_length(text.substr(length));
}

std::size_t duration_length(std::string_view text) {
  std::size_t length = 0;
  const auto* unit = kUnits.begin();
  while (unit != kUnits.end()) {
    const Piece piece = next_piece(text.substr(length));
    unit = std::find_if(unit, kUnits.end(), [&](const Unit& u) { return u.name == piece.unit; });
    if (piece.digits.empty() || unit == kUnits.end()) break;
    length += piece.digits.size() + piece.unit.size();
    ++unit;
  }
  return length;
}

std::size_t number_or_duration_length(std::string_view text) {
  std::size_t length = 0;
  const auto takes = [&](char c) {
    if (is_digit(c) || is_letter(c) || c == '_' || c == '.') return true;
    const bool is_exponent = length > 0 && (text[length - 1] == 'e' || text[length - 1] == 'E');
    return (c == '+' || c == '-') && is_exponent && !is_hex_prefix(text);
  };
  while (length < text.size() && takes(text[length])) ++length;
  return length;
}

std::optional<double> number_value(std::string_view text) {
  std::string digits(text);
  std::erase(digits, '_');
  if (is_hex_prefix(digits)) return whole_number(digits.substr(2), 16);
  if (digits.size() > 1 && digits[0] == '0' && digits.find_first_not_of("01234567") == std::string::npos)
    return whole_number(digits, 8);
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  if (error == std::errc::result_out_of_range && is_below_one(digits)) return 0;
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

std::optional<std::int64_t> duration_value_ms(std::string_view text) {
  std::int64_t total_ms = 0;
  while (!text.empty()) {
    const Piece piece = next_piece(text);
    const auto unit = std::ranges::find(kUnits, piece.unit, &Unit::name);
    const auto count = to_signed(piece.digits);
    if (unit == kUnits.end() || !count || *count > (kDurationMaxMs - total_ms) / unit->ms)
      return std::nullopt;
    total_ms += *count * unit->ms;
    text.remove_prefix(piece.digits.size() + piece.unit.size());
  }
  return total_ms;
}

std::string format_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
  // The fewest digits, then zeros: to_chars's own fixed form has all digits of a large number.
  std::array<char, 32> buffer;
  const auto end =
      std::to_chars(buffer.begin(), buffer.end(), std::abs(value), std::chars_format::scientific);
  std::string_view exponent(buffer.begin(), end.ptr);
  const std::string_view mantissa = take_until(exponent, 'e');
  std::string digits(mantissa);
  std::erase(digits, '.');
  const auto point = 1 + static_cast<int>(exponent_value(exponent));  // digits before the point
  const int size = static_cast<int>(digits.size());
  std::string text = std::signbit(value) ? "-" : "";
  if (point <= 0) return text + "0." + std::string(static_cast<std::size_t>(-point), '0') + digits;
  if (point >= size) return text + digits + std::string(static_cast<std::size_t>(point - size), '0');
  return text + digits.insert(static_cast<std::size_t>(point), ".");
}

std::string format_duration_ms(std::int64_t ms) {
  if (ms == 0) return "0s";
  std::string text = ms < 0 ? "-" : "";
  std::int64_t rest = std::abs(ms);
  for (const Unit& unit : kUnits) {
    // 90d says more than 12w6d, as Prometheus has it.
    const bool only_whole = unit.name == "y" || unit.name == "w";
    if (rest < unit.ms || (only_whole && rest % unit.ms != 0)) continue;
    text += fmt::format("{}{}", rest / unit.ms, unit.name);
    rest %= unit.ms;
  }
  return text;
}

}  // namespace ullage::query
