// SPDX-License-Identifier: Apache-2.0
#include "sense/kernel_text.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "base/text.h"

namespace ullage::sense {

std::optional<std::uint64_t> parse_kibibytes(std::string_view value) {
  const auto count = take_unsigned(value);
  if (!count || take_word(value) != "kB") return std::nullopt;
  if (*count > std::numeric_limits<std::uint64_t>::max() / 1024) return std::nullopt;
  return *count * 1024;
}

std::optional<std::uint64_t> take_unsigned(std::string_view& rest) { return to_unsigned(take_word(rest)); }

std::optional<std::uint64_t> parse_one_number(std::string_view text) { return to_unsigned(trim(text)); }

}  // namespace ullage::sense
