// SPDX-License-Identifier: Apache-2.0
// A field of comma-separated values as RFC 4180 has it: in quotes where it holds a comma, a quote or an end
// of line.
#pragma once

#include <string>
#include <string_view>

namespace ullage {

void append_csv_field(std::string& out, std::string_view field);

}  // namespace ullage
