// SPDX-License-Identifier: Apache-2.0
// Names and values as Prometheus's exposition format and selectors write them: one spelling for keys,
// exports, remote selectors and the lines of commands.
#pragma once

#include <string>
#include <string_view>

namespace ullage::metric {

// [a-zA-Z_:][a-zA-Z0-9_:]*; a label's may have no colons.
bool is_legacy_name(std::string_view name, bool may_have_colons);
// In double quotes, with \" \\ and \n as escapes.
void append_quoted(std::string& out, std::string_view text);

}  // namespace ullage::metric
