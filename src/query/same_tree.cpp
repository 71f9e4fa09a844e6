// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "history/series_source.h"
#include "query/ast.h"
#include "query/printer.h"

namespace ullage::query {

namespace {

bool is_same(const ExpressionPtr& a, const ExpressionPtr& b) {
  if (!a || !b) return !a && !b;
  return is_same(*a, *b);
}

bool is_same(const std::vector<ExpressionPtr>& a, const std::vector<ExpressionPtr>& b) {
  return std::ranges::equal(a, b,
                            [](const ExpressionPtr& x, const ExpressionPtr& y) { return is_same(x, y); });
}

bool is_same(const TimeShift& a, const TimeShift& b) {
  return a.at == b.at && a.at_ms == b.at_ms && a.offset_ms == b.offset_ms;
}

auto fields(const history::Matcher& matcher) { return std::tie(matcher.label, matcher.kind, matcher.value); }

bool is_same(std::vector<history::Matcher> a, std::vector<history::Matcher> b) {
  const auto less = [](const auto& x, const auto& y) { return fields(x) < fields(y); };
  std::ranges::sort(a, less);
  std::ranges::sort(b, less);
  return std::ranges::equal(a, b, [](const auto& x, const auto& y) { return fields(x) == fields(y); });
}

bool is_same(const std::optional<VectorMatching>& a, const std::optional<VectorMatching>& b) {
  if (!a || !b) return !a && !b;
  return a->cardinality == b->cardinality && a->is_on == b->is_on && a->labels == b->labels &&
         a->include == b->include;
}

bool is_same_node(const NumberLiteral& a, const NumberLiteral& b) {
  const bool are_nan = std::isnan(a.value) && std::isnan(b.value);
  return a.is_duration == b.is_duration && (are_nan || a.value == b.value);
}
bool is_same_node(const StringLiteral& a, const StringLiteral& b) { return a.value == b.value; }
bool is_same_node(const VectorSelector& a, const VectorSelector& b) {
  return a.name == b.name && is_same(a.matchers, b.matchers) && is_same(a.shift, b.shift);
}
bool is_same_node(const MatrixSelector& a, const MatrixSelector& b) {
  return a.range_ms == b.range_ms && is_same_node(a.selector, b.selector);
}
bool is_same_node(const Subquery& a, const Subquery& b) {
  return a.range_ms == b.range_ms && a.step_ms == b.step_ms && is_same(a.shift, b.shift) &&
         is_same(a.inner, b.inner);
}
bool is_same_node(const Call& a, const Call& b) {
  return a.function->name == b.function->name && is_same(a.arguments, b.arguments);
}
bool is_same_node(const Aggregate& a, const Aggregate& b) {
  return a.operation == b.operation && a.is_without == b.is_without && a.labels == b.labels &&
         is_same(a.parameter, b.parameter) && is_same(a.inner, b.inner);
}
bool is_same_node(const Unary& a, const Unary& b) {
  return a.is_minus == b.is_minus && is_same(a.inner, b.inner);
}
bool is_same_node(const Binary& a, const Binary& b) {
  return a.operation == b.operation && a.is_bool == b.is_bool && is_same(a.matching, b.matching) &&
         is_same(a.left, b.left) && is_same(a.right, b.right);
}
bool is_same_node(const Parentheses& a, const Parentheses& b) { return is_same(a.inner, b.inner); }

}  // namespace

bool is_same(const Expression& a, const Expression& b) {
  if (a.type != b.type || a.node.index() != b.node.index()) return false;
  return std::visit(
      [&](const auto& node) { return is_same_node(node, std::get<std::decay_t<decltype(node)>>(b.node)); },
      a.node);
}

}  // namespace ullage::query
