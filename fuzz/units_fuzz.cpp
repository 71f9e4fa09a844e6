// SPDX-License-Identifier: Apache-2.0
// Sizes and durations as people type them, and text as hostile programs name themselves: no input may crash,
// and what is printed must be safe for a terminal.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "base/units.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): libFuzzer hands bytes
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto bytes = ullage::parse_bytes(text)) ullage::format_bytes(static_cast<double>(*bytes));
  if (const auto duration = ullage::parse_duration(text))
    ullage::format_duration(static_cast<double>(duration->count()) * 1e-9);
  for (const char c : ullage::printable(text))
    ullage::check(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F, "printable text has no control bytes");
  ullage::check(ullage::valid_utf8(ullage::valid_utf8(text)) == ullage::valid_utf8(text),
                "valid UTF-8 stays as it is");
  return 0;
}
