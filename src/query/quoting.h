// SPDX-License-Identifier: Apache-2.0
// Strings as PromQL quotes them: in "" and '' with Go's escapes, in `` as they stand. Pure functions of text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ullage::query {

// Of a string with its quotes, as the lexer finds it. The error's `where` is empty.
Result<std::string> unquote(std::string_view text);

std::string quote(std::string_view text);               // "…", safe for a terminal
std::string quote_unless_name(std::string_view label);  // a label's name, quoted where it must be

}  // namespace ullage::query
