// SPDX-License-Identifier: Apache-2.0
// Calls of functions, and aggregations with their labels.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "query/ast.h"
#include "query/function.h"
#include "query/function_table.h"
#include "query/keyword.h"
#include "query/parser_state.h"
#include "query/printer.h"
#include "query/token.h"

namespace ullage::query {

namespace {

std::string counted_arguments(std::size_t count) {
  return fmt::format("{} argument{}", count, count == 1 ? "" : "s");
}

// Names that people know from elsewhere, or from Prometheus 2.
std::string renamed_function(std::string_view name) {
  return name == "holt_winters" ? "Prometheus 3 calls it double_exponential_smoothing" : "";
}

std::string suggestion(std::string_view name, const FunctionTable& table) {
  if (std::string renamed = renamed_function(name); !renamed.empty()) return renamed;
  std::vector<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Aggregation::limit_ratio); ++i)
    names.push_back(aggregation_name(static_cast<Aggregation>(i)));
  for (const Function& function : table.functions()) names.push_back(function.name);
  // Of equally near ones, one that was only cut short comes first.
  std::ranges::sort(names, {},
                    [&](std::string_view known) { return std::pair(!known.starts_with(name), known); });
  return did_you_mean(name, names);
}

// How the range would be written that should have stood there.
std::string as_range(const Expression& expression) {
  constexpr std::size_t kHintMax = 110;
  if (expression.type != ValueType::vector) return "";
  const auto* selector = std::get_if<VectorSelector>(&expression.node);
  std::string hint = fmt::format("a range over an expression is a subquery: ({})[1h:5m]", print(expression));
  if (selector != nullptr)
    hint = "a range reads as " + print(Expression{{}, ValueType::matrix, MatrixSelector{*selector, 300'000}});
  if (hint.size() <= kHintMax) return hint;
  return selector != nullptr ? "a range reads as x[5m]"
                             : "a range over an expression is a subquery: (…)[1h:5m]";
}

}  // namespace

Result<Parsed> Parser::parse_call() {
  const Span name = take().span;
  if (const std::string_view feature = unsupported_function(text(name));
      !feature.empty() && functions_.find(text(name)) == nullptr) {
    const bool is_named = feature.find(text(name)) != std::string_view::npos;
    return unsupported(name, is_named ? std::string(feature) : fmt::format("{} ({}())", feature, text(name)));
  }
  const Function* function = functions_.find(text(name));
  if (function == nullptr)
    return error_at(name, fmt::format("there is no function '{}'", text(name)),
                    suggestion(text(name), functions_));
  auto arguments = parse_arguments();
  if (!arguments) return pass_on(arguments);
  if (auto checked = check_arguments(*function, *arguments, since(name.begin)); !checked)
    return pass_on(checked);
  Call call{function, {}};
  std::size_t depth = 0;
  for (Parsed& argument : *arguments) {
    depth = std::max(depth, argument.depth);
    call.arguments.push_back(std::move(argument.tree));
  }
  return make({since(name.begin), function->result, std::move(call)}, depth);
}

Result<void> Parser::check_arguments(const Function& function, const std::vector<Parsed>& arguments,
                                     Span span) {
  const std::size_t types = function.arguments.size();
  const std::size_t least = function.variadic == 0 ? types : types - 1;
  const std::size_t most =
      function.variadic < 0 ? arguments.size() : least + static_cast<std::size_t>(function.variadic);
  if (arguments.size() < least || arguments.size() > most) {
    const std::string_view bound = least == most ? "" : arguments.size() < least ? "at least " : "at most ";
    return error_at(
        span, fmt::format("{}() takes {}{}, not {}", function.name, bound,
                          counted_arguments(arguments.size() < least ? least : most), arguments.size()));
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const ValueType wanted = function.arguments[std::min(i, types - 1)];
    if (auto checked = check_type(*arguments[i].tree, wanted, fmt::format("{}()", function.name)); !checked)
      return checked;
  }
  return {};
}

Result<void> Parser::check_type(const Expression& expression, ValueType wanted, std::string_view where) {
  if (expression.type == wanted) return {};
  return error_at(
      expression.span,
      fmt::format("{} takes {} here, not {}", where, type_words(wanted), type_words(expression.type)),
      wanted == ValueType::matrix ? as_range(expression) : "");
}

Result<std::vector<Parsed>> Parser::parse_arguments() {
  const Span opened = peek().span;
  if (!take_if(TokenKind::left_parenthesis)) return unexpected("expected '('");
  std::vector<Parsed> arguments;
  if (take_if(TokenKind::right_parenthesis)) return arguments;
  do {
    auto argument = parse_expression(0);
    if (!argument) return pass_on(argument);
    arguments.push_back(std::move(*argument));
  } while (take_if(TokenKind::comma));
  if (auto closed = take_closing(TokenKind::right_parenthesis, opened, "expected ',' or ')'"); !closed)
    return pass_on(closed);
  return arguments;
}

Result<Parsed> Parser::parse_aggregate() {
  const Span name = take().span;
  Aggregate aggregate{.operation = *find_aggregation(text(name))};
  const bool is_first = peek().kind != TokenKind::left_parenthesis;
  if (is_first)
    if (auto modifier = parse_aggregate_modifier(aggregate); !modifier) return pass_on(modifier);
  auto arguments = parse_arguments();
  if (!arguments) return pass_on(arguments);
  if (const auto keyword = peek_keyword();
      !is_first && (keyword == Keyword::by || keyword == Keyword::without))
    if (auto modifier = parse_aggregate_modifier(aggregate); !modifier) return pass_on(modifier);

  const bool has_parameter = takes_parameter(aggregate.operation);
  const std::size_t wanted = has_parameter ? 2 : 1;
  const std::string_view word = aggregation_name(aggregate.operation);
  if (arguments->size() != wanted)
    return error_at(since(name.begin),
                    fmt::format("{}() takes {}, not {}", word, counted_arguments(wanted), arguments->size()));
  const ValueType parameter =
      aggregate.operation == Aggregation::count_values ? ValueType::string : ValueType::scalar;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < wanted; ++i) {
    Parsed& argument = (*arguments)[i];
    const bool is_parameter = i + 1 < wanted;
    if (auto checked = check_type(*argument.tree, is_parameter ? parameter : ValueType::vector,
                                  fmt::format("{}()", word));
        !checked)
      return pass_on(checked);
    depth = std::max(depth, argument.depth);
    (is_parameter ? aggregate.parameter : aggregate.inner) = std::move(argument.tree);
  }
  return make({since(name.begin), ValueType::vector, std::move(aggregate)}, depth);
}

Result<void> Parser::parse_aggregate_modifier(Aggregate& aggregate) {
  aggregate.is_without = peek_keyword() == Keyword::without;
  take();
  auto labels = parse_labels();
  if (!labels) return pass_on(labels);
  aggregate.labels = std::move(*labels);
  return {};
}

Result<std::vector<std::string>> Parser::parse_labels() {
  const Span opened = peek().span;
  if (!take_if(TokenKind::left_parenthesis)) return unexpected("expected '(' and labels");
  std::vector<std::string> labels;
  while (peek().kind != TokenKind::right_parenthesis) {
    auto label = parse_label();
    if (!label) return pass_on(label);
    labels.push_back(std::move(*label));
    if (!take_if(TokenKind::comma)) break;
  }
  if (auto closed = take_closing(TokenKind::right_parenthesis, opened, "expected ',' or ')'"); !closed)
    return pass_on(closed);
  return labels;
}

Result<std::string> Parser::parse_label() {
  const Span span = peek().span;
  if (peek().kind == TokenKind::word && is_plain_in_list(text(span))) return std::string(text(take().span));
  if (peek().kind == TokenKind::end) return unexpected("expected a label or ')'");
  if (peek().kind != TokenKind::text)
    return unexpected("expected a label, \"quoted\" where it is no plain word");
  auto label = take_unquoted();
  if (!label) return label;
  if (label->empty()) return error_at(span, "a label needs a name");
  if (valid_utf8(*label) != *label) return error_at(span, "a label's name must be UTF-8");
  return label;
}

}  // namespace ullage::query
