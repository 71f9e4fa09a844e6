// SPDX-License-Identifier: Apache-2.0
#include "query/keyword.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "query/ast.h"

namespace ullage::query {

namespace {

struct Entry {
  std::string_view word;
  Keyword keyword;
};
constexpr auto kKeywords = std::to_array<Entry>({
    {"and", Keyword::set_operator},
    {"or", Keyword::set_operator},
    {"unless", Keyword::set_operator},
    {"atan2", Keyword::atan2},
    {"inf", Keyword::number},
    {"nan", Keyword::number},
    {"bool", Keyword::bool_},
    {"by", Keyword::by},
    {"without", Keyword::without},
    {"on", Keyword::on},
    {"ignoring", Keyword::ignoring},
    {"group_left", Keyword::group_left},
    {"group_right", Keyword::group_right},
    {"fill", Keyword::fill},
    {"fill_left", Keyword::fill},
    {"fill_right", Keyword::fill},
    {"offset", Keyword::offset},
    {"smoothed", Keyword::shape},
    {"anchored", Keyword::shape},
    {"start", Keyword::at_end},
    {"end", Keyword::at_end},
});

// In the order of the enum.
constexpr auto kAggregations =
    std::to_array<std::string_view>({"sum", "avg", "count", "min", "max", "group", "stddev", "stdvar", "topk",
                                     "bottomk", "count_values", "quantile", "limitk", "limit_ratio"});
constexpr auto kOperators = std::to_array<std::string_view>(
    {"+", "-", "*", "/", "%", "^", "atan2", "==", "!=", ">", "<", ">=", "<=", "and", "or", "unless"});
constexpr auto kAfterExpression =
    std::to_array<std::string_view>({"and", "or", "unless", "atan2", "offset", "by", "without"});

}  // namespace

bool is_same_word(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

std::optional<Keyword> find_keyword(std::string_view word) {
  for (const Entry& entry : kKeywords)
    if (is_same_word(word, entry.word)) return entry.keyword;
  if (find_aggregation(word)) return Keyword::aggregation;
  return std::nullopt;
}

bool is_plain_in_list(std::string_view label) {
  const auto keyword = find_keyword(label);
  return keyword != Keyword::without && keyword != Keyword::number;
}

std::span<const std::string_view> operator_words() { return kAfterExpression; }

std::optional<Aggregation> find_aggregation(std::string_view word) {
  const auto* found =
      std::ranges::find_if(kAggregations, [&](std::string_view name) { return is_same_word(word, name); });
  if (found == kAggregations.end()) return std::nullopt;
  return static_cast<Aggregation>(found - kAggregations.begin());
}

std::string_view aggregation_name(Aggregation operation) {
  return kAggregations[static_cast<std::size_t>(operation)];
}

bool takes_parameter(Aggregation operation) { return operation >= Aggregation::topk; }

std::string_view operator_text(Operator operation) { return kOperators[static_cast<std::size_t>(operation)]; }

bool is_comparison(Operator operation) {
  return operation >= Operator::equal && operation <= Operator::less_or_equal;
}

bool is_set_operator(Operator operation) { return operation >= Operator::and_; }

std::string_view type_words(ValueType type) {
  switch (type) {
    case ValueType::scalar:
      return "a scalar";
    case ValueType::vector:
      return "an instant vector";
    case ValueType::matrix:
      return "a range vector";
    case ValueType::string:
      return "a string";
  }
  return "";
}

}  // namespace ullage::query
