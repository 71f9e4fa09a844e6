// SPDX-License-Identifier: Apache-2.0
// Any bytes as a line to ULLAGE_SOCKET. What is understood must mean the same when it is written out again.
#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "sense/custom/line_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ullage::sense::format_line;
  using ullage::sense::parse_line;
  const auto line = parse_line({reinterpret_cast<const char*>(data), size});
  if (!line) return 0;
  const std::string text = format_line(*line);
  const auto again = parse_line(text);
  ullage::check(again.has_value(), "a line that was written out is read again");
  ullage::check(format_line(*again) == text, "a line that was written out means the same");
  return 0;
}
