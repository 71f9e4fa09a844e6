// SPDX-License-Identifier: Apache-2.0
// What stands between an operator and its right side (bool, on, ignoring, group_left, group_right), and the
// rules of what operators may be between.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/text.h"
#include "query/ast.h"
#include "query/keyword.h"
#include "query/parser_state.h"
#include "query/token.h"

namespace ullage::query {

namespace {

bool is_group(std::optional<Keyword> keyword) {
  return keyword == Keyword::group_left || keyword == Keyword::group_right;
}

}  // namespace

Result<void> Parser::parse_modifiers(Binary& binary) {
  binary.is_bool = take_if(Keyword::bool_);
  VectorMatching matching;
  if (const auto keyword = peek_keyword(); keyword == Keyword::on || keyword == Keyword::ignoring) {
    matching.is_on = keyword == Keyword::on;
    take();
    auto labels = parse_labels();
    if (!labels) return pass_on(labels);
    matching.labels = std::move(*labels);
    if (is_group(peek_keyword()))
      if (auto grouping = parse_grouping(matching); !grouping) return grouping;
  } else if (is_group(keyword)) {
    return unexpected("expected on(…) or ignoring(…) before it");
  }
  if (peek_keyword() == Keyword::fill && peek(1).kind == TokenKind::left_parenthesis)
    return unsupported(peek().span, fmt::format("the experimental modifier {}()", text(peek().span)));
  binary.matching = std::move(matching);
  return {};
}

Result<void> Parser::parse_grouping(VectorMatching& matching) {
  using Cardinality = VectorMatching::Cardinality;
  matching.cardinality =
      peek_keyword() == Keyword::group_left ? Cardinality::many_to_one : Cardinality::one_to_many;
  take();
  if (peek().kind != TokenKind::left_parenthesis) return {};
  auto include = parse_labels();
  if (!include) return pass_on(include);
  matching.include = std::move(*include);
  return {};
}

Result<void> Parser::check_binary(Binary& binary, Span modifiers) {
  for (const ExpressionPtr* side : {&binary.left, &binary.right}) {
    const ValueType type = (*side)->type;
    if (type != ValueType::scalar && type != ValueType::vector)
      return error_at((*side)->span,
                      fmt::format("{} cannot work on {}", operator_text(binary.operation), type_words(type)),
                      "both sides must be scalars or instant vectors");
  }
  const bool are_scalars = binary.left->type == ValueType::scalar && binary.right->type == ValueType::scalar;
  if (binary.is_bool && !is_comparison(binary.operation))
    return error_at(modifiers, fmt::format("bool behind {}", operator_text(binary.operation)),
                    "only comparisons can give 0 or 1");
  if (is_comparison(binary.operation) && !binary.is_bool && are_scalars)
    return error_at(modifiers, "a comparison of two scalars needs bool",
                    fmt::format("{} bool", operator_text(binary.operation)));
  return check_matching(binary, modifiers);
}

Result<void> Parser::check_matching(Binary& binary, Span modifiers) {
  using Cardinality = VectorMatching::Cardinality;
  VectorMatching& matching = *binary.matching;
  if (matching.is_on)
    for (const std::string& label : matching.labels)
      if (std::ranges::find(matching.include, label) != matching.include.end())
        return error_at(modifiers,
                        fmt::format("the label '{}' is in on() and in the group's labels", printable(label)));
  const bool is_set = is_set_operator(binary.operation);
  if (binary.left->type != ValueType::vector || binary.right->type != ValueType::vector) {
    if (is_set)
      return error_at(modifiers, fmt::format("{} needs an instant vector on both sides",
                                             operator_text(binary.operation)));
    if (!matching.labels.empty())
      return error_at(modifiers, "labels are matched between two instant vectors only");
    binary.matching.reset();
    return {};
  }
  if (!is_set) return {};
  if (matching.cardinality != Cardinality::one_to_one)
    return error_at(modifiers, fmt::format("{} cannot have a group", operator_text(binary.operation)),
                    "it is many-to-many by itself");
  matching.cardinality = Cardinality::many_to_many;
  return {};
}

}  // namespace ullage::query
