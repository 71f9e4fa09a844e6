// SPDX-License-Identifier: Apache-2.0
// A PromQL expression as a tree of values: what the parser makes, the printer writes and the evaluator walks.
// Every node knows where in the query it stands. Types are checked by the parser: a tree that it gave back is
// well-typed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "history/series_source.h"

namespace ullage::query {

struct Function;  // of the function table, function.h

struct Span {  // bytes of the query
  std::size_t begin = 0;
  std::size_t end = 0;
};

enum class ValueType { scalar, vector, matrix, string };

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

struct NumberLiteral {
  double value = 0;
  bool is_duration = false;  // written as 5m: printed so again
};
struct StringLiteral {
  std::string value;
};

// What moves the evaluation time of a selector or subquery.
struct TimeShift {
  enum class At { none, timestamp, start, end };
  At at = At::none;
  std::int64_t at_ms = 0;
  std::int64_t offset_ms = 0;
};

struct VectorSelector {
  std::string name;                        // empty when given only by a matcher
  std::vector<history::Matcher> matchers;  // with __name__ when there is a name
  TimeShift shift;
};
struct MatrixSelector {
  VectorSelector selector;
  std::int64_t range_ms = 0;
};
struct Subquery {
  ExpressionPtr inner;
  std::int64_t range_ms = 0;
  std::int64_t step_ms = 0;  // 0: the default
  TimeShift shift;
};
struct Call {
  const Function* function = nullptr;
  std::vector<ExpressionPtr> arguments;
};

enum class Aggregation {
  sum,
  avg,
  count,
  min,
  max,
  group,
  stddev,
  stdvar,
  topk,
  bottomk,
  count_values,
  quantile,
  limitk,
  limit_ratio
};
struct Aggregate {
  Aggregation operation = Aggregation::sum;
  ExpressionPtr parameter;  // of topk, bottomk, count_values, quantile, limitk, limit_ratio
  ExpressionPtr inner;
  bool is_without = false;
  std::vector<std::string> labels;
};

struct Unary {
  bool is_minus = false;
  ExpressionPtr inner;
};

enum class Operator {
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  atan2,
  equal,
  not_equal,
  greater,
  less,
  greater_or_equal,
  less_or_equal,
  and_,
  or_,
  unless
};
struct VectorMatching {
  enum class Cardinality { one_to_one, many_to_one, one_to_many, many_to_many };
  Cardinality cardinality = Cardinality::one_to_one;
  bool is_on = false;  // on(labels), else ignoring(labels)
  std::vector<std::string> labels;
  std::vector<std::string> include;  // group_left(include), group_right(include)
};
struct Binary {
  Operator operation = Operator::add;
  ExpressionPtr left, right;
  bool is_bool = false;
  std::optional<VectorMatching> matching;  // between two vectors
};

struct Parentheses {
  ExpressionPtr inner;
};

struct Expression {
  Span span;
  ValueType type = ValueType::scalar;
  std::variant<NumberLiteral, StringLiteral, VectorSelector, MatrixSelector, Subquery, Call, Aggregate, Unary,
               Binary, Parentheses>
      node;
};

}  // namespace ullage::query
