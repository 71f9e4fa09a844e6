// SPDX-License-Identifier: Apache-2.0
// The words of PromQL that mean something by their place. Most may still name metrics and labels. Their case
// does not matter.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "query/ast.h"

namespace ullage::query {

enum class Keyword : std::uint8_t {
  aggregation,   // sum, topk, …
  set_operator,  // and, or, unless
  atan2,
  number,  // Inf, NaN
  bool_,
  by,
  without,
  on,
  ignoring,
  group_left,
  group_right,
  fill,
  offset,
  shape,   // smoothed, anchored
  at_end,  // start, end, after an @
};

bool is_same_word(std::string_view text, std::string_view lower);  // whatever the case of ASCII letters
std::optional<Keyword> find_keyword(std::string_view word);
// Most keywords may name a label in by(…) and on(…); these must be quoted there.
bool is_plain_in_list(std::string_view label);
std::span<const std::string_view> operator_words();  // for a word where an operator should stand

std::optional<Aggregation> find_aggregation(std::string_view word);
std::string_view aggregation_name(Aggregation operation);
bool takes_parameter(Aggregation operation);

std::string_view operator_text(Operator operation);
bool is_comparison(Operator operation);
bool is_set_operator(Operator operation);

std::string_view type_words(ValueType type);  // "an instant vector"

}  // namespace ullage::query
