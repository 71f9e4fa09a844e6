// SPDX-License-Identifier: Apache-2.0
// The pieces that a query is made of. A token is a kind and a place; its text is that stretch of the query.
#pragma once

#include <cstdint>

#include "query/ast.h"

namespace ullage::query {

enum class TokenKind : std::uint8_t {
  end,
  refused,  // no token can be made of what stands here: Lexed::error says why
  number,
  duration,
  text,  // a quoted string, quotes included
  word,  // a name or a keyword: which, only the parser can say
  left_parenthesis,
  right_parenthesis,
  left_brace,
  right_brace,
  left_bracket,
  right_bracket,
  comma,
  colon,
  at,
  assign,  // =
  match,   // =~
  not_match,
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  trim_upper,  // </ and >/: of native histograms only
  trim_lower,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
};

struct Token {
  TokenKind kind = TokenKind::end;
  Span span;
};

}  // namespace ullage::query
