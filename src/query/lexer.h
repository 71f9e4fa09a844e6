// SPDX-License-Identifier: Apache-2.0
// Cuts a query into tokens after Prometheus 3's rules, which know three places: in braces every word is a
// label's name, in brackets a colon stands for itself, elsewhere it is part of a metric's name. Comments and
// blanks go. Nothing is decoded here; literal.h does that.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "query/token.h"

namespace ullage::query {

struct Lexed {
  std::vector<Token> tokens;   // the last is `end` or `refused`
  std::optional<Error> error;  // of the refused token
};

Lexed lex(std::string_view query);

}  // namespace ullage::query
