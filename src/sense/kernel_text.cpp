// SPDX-License-Identifier: Apache-2.0
#include "sense/kernel_text.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/text.h"

namespace ullage::sense {

std::optional<std::uint64_t> parse_kibibytes(std::string_view value) {
  const auto count = take_unsigned(value);
  if (!count || take_word(value) != "kB") return std::nullopt;
  if (*count > std::numeric_limits<std::uint64_t>::max() / 1024) return std::nullopt;
  return *count * 1024;
}

std::optional<std::uint64_t> take_unsigned(std::string_view& rest) { return to_unsigned(take_word(rest)); }

std::optional<std::uint64_t> parse_hexadecimal(std::string_view digits) {
  if (digits.starts_with("0x")) digits.remove_prefix(2);
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value, 16);
  if (digits.empty() || read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> parse_one_number(std::string_view text) { return to_unsigned(trim(text)); }

std::string unescape_path(std::string_view text) {
  const auto is_octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && text.size() - i > 3 && std::ranges::all_of(text.substr(i + 1, 3), is_octal)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace ullage::sense
