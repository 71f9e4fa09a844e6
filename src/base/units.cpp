// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"

namespace ullage {

namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr double kKi = 1024, kMi = kKi * 1024, kGi = kMi * 1024, kTi = kGi * 1024, kPi = kTi * 1024;
constexpr std::array kByteUnits = {
    Unit{"", 1},      Unit{"b", 1},     Unit{"k", kKi}, Unit{"kib", kKi}, Unit{"kb", 1e3}, Unit{"m", kMi},
    Unit{"mib", kMi}, Unit{"mb", 1e6},  Unit{"g", kGi}, Unit{"gib", kGi}, Unit{"gb", 1e9}, Unit{"t", kTi},
    Unit{"tib", kTi}, Unit{"tb", 1e12}, Unit{"p", kPi}, Unit{"pib", kPi}, Unit{"pb", 1e15}};
constexpr std::array kDurationUnits = {Unit{"ms", 1e-3}, Unit{"us", 1e-6}, Unit{"ns", 1e-9},
                                       Unit{"s", 1},     Unit{"m", 60},    Unit{"h", 3600},
                                       Unit{"d", 86400}, Unit{"w", 604800}};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

template <std::size_t N>
std::optional<double> factor_of(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return unit.factor;
  return std::nullopt;
}

std::string_view take_digits(std::string_view& rest) {
  const std::size_t end = std::min(rest.find_first_not_of("0123456789."), rest.size());
  const std::string_view digits = rest.substr(0, end);
  rest.remove_prefix(end);
  return digits;
}

std::string_view take_letters(std::string_view& rest) {
  const std::size_t end = std::min(rest.find_first_of("0123456789. "), rest.size());
  const std::string_view letters = rest.substr(0, end);
  rest.remove_prefix(end);
  return letters;
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto wrong = [&] {
    return fail("'" + std::string(text) + "' is not a size", {}, "a size reads as 512M, 4G, 1.5GiB or 4GB");
  };
  std::string_view rest = trim(text);
  const auto number = to_double(take_digits(rest));
  const auto factor = factor_of(kByteUnits, lower(trim(rest)));
  if (!number || !factor) return wrong();
  const double bytes = *number * *factor;
  if (!(bytes < 0x1p63)) return fail("'" + std::string(text) + "' is too large a size", {}, "at most 8191P");
  return static_cast<std::uint64_t>(std::llround(bytes));
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const auto wrong = [&] {
    return fail("'" + std::string(text) + "' is not a duration", {},
                "a duration reads as 250ms, 90s, 5m or 1h30m");
  };
  std::string_view rest = trim(text);
  if (rest == "0") return std::chrono::nanoseconds(0);
  if (rest.empty()) return wrong();
  double seconds = 0;
  while (!rest.empty()) {
    const auto number = to_double(take_digits(rest));
    rest = rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
    const auto factor = factor_of(kDurationUnits, take_letters(rest));
    if (!number || !factor) return wrong();
    seconds += *number * *factor;
    rest = rest.substr(std::min(rest.find_first_not_of(' '), rest.size()));
  }
  if (!(seconds < 9.2e9))
    return fail("'" + std::string(text) + "' is too long a duration", {}, "at most 290 years");
  return std::chrono::nanoseconds(std::llround(seconds * 1e9));
}

Result<double> parse_number(std::string_view text) {
  const auto number = to_double(trim(text));
  if (!number || !std::isfinite(*number)) return fail("'" + std::string(text) + "' is not a number");
  return *number;
}

std::string format_bytes(double bytes) {
  constexpr std::array kNames = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  std::size_t unit = 0;
  double shown = std::abs(bytes);
  while (shown >= 1023.5 && unit + 1 < kNames.size()) {
    shown /= 1024;
    ++unit;
  }
  const int decimals = unit == 0 || shown >= 99.95 ? 0 : shown >= 9.995 ? 1 : 2;
  return fmt::format("{}{:.{}f} {}", bytes < 0 ? "-" : "", shown, decimals, kNames[unit]);
}

std::string format_duration(double seconds) {
  if (seconds < 0) return "-" + format_duration(-seconds);
  if (seconds < 1e-3) return fmt::format("{:.0f} µs", seconds * 1e6);
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 9.995) return fmt::format("{:.2f} s", seconds);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h {:02}m", whole / 3600, whole % 3600 / 60);
  return fmt::format("{}d {:02}h", whole / 86400, whole % 86400 / 3600);
}

std::string format_ratio(double ratio) {
  const double percent = ratio * 100;
  return fmt::format("{:.{}f} %", percent, percent != 0 && std::abs(percent) < 9.95 ? 1 : 0);
}

}  // namespace ullage
