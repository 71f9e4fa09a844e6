// SPDX-License-Identifier: Apache-2.0
#include "base/csv.h"

#include <string>
#include <string_view>

namespace ullage {

void append_csv_field(std::string& out, std::string_view field) {
  if (field.find_first_of("\",\r\n") == std::string_view::npos) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace ullage
