// SPDX-License-Identifier: Apache-2.0
#include "metric/exposition.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace ullage::metric {

bool is_legacy_name(std::string_view name, bool may_have_colons) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto fits = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (may_have_colons && c == ':');
  };
  return !name.empty() && fits(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return fits(c) || is_digit(c); });
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace ullage::metric
