// SPDX-License-Identifier: Apache-2.0
// Colour for terminal text, or none: the meaning is never in the colour alone. Widths count what is seen.
#pragma once

#include <string>
#include <string_view>

namespace ullage::run {

struct Style {
  bool colour = false;
  std::string bold(std::string_view text) const { return painted("1", text); }
  std::string faint(std::string_view text) const { return painted("2", text); }
  std::string good(std::string_view text) const { return painted("32", text); }
  std::string warn(std::string_view text) const { return painted("33", text); }
  std::string bad(std::string_view text) const { return painted("31", text); }
  std::string painted(std::string_view code, std::string_view text) const {
    if (!colour || text.empty()) return std::string(text);
    return "\x1b[" + std::string(code) + 'm' + std::string(text) + "\x1b[0m";
  }
};

}  // namespace ullage::run
