// SPDX-License-Identifier: Apache-2.0
// The form on several lines, as Prometheus's own formatter has it: what fits into 100 characters stays on
// one.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "query/ast.h"
#include "query/function_table.h"
#include "query/lexer.h"
#include "query/parser.h"
#include "query/print_parts.h"
#include "query/printer.h"
#include "query/token.h"

namespace ullage::query {

namespace {

constexpr std::size_t kLineMax = 100;

std::string indented(const Expression& expression, std::size_t level);

std::string margin(std::size_t level) { return std::string(2 * level, ' '); }

std::string in_parentheses(std::string head, const std::vector<const Expression*>& inner, std::size_t level) {
  std::string text = margin(level) + std::move(head) + "(\n";
  for (const Expression* expression : inner)
    text += indented(*expression, level + 1) + (expression == inner.back() ? "\n" : ",\n");
  return text + margin(level) + ")";
}

struct Splitter {
  std::size_t level;
  const Expression& whole;

  std::string one_line() const { return margin(level) + print(whole); }

  std::string operator()(const NumberLiteral& /*number*/) const { return one_line(); }
  std::string operator()(const StringLiteral& /*text*/) const { return one_line(); }
  std::string operator()(const VectorSelector& /*selector*/) const { return one_line(); }
  std::string operator()(const MatrixSelector& /*matrix*/) const { return one_line(); }
  std::string operator()(const Subquery& subquery) const {
    return indented(*subquery.inner, level) + suffix_of(subquery);
  }
  std::string operator()(const Call& call) const {
    if (call.arguments.empty()) return one_line();
    std::vector<const Expression*> inner;
    for (const ExpressionPtr& argument : call.arguments) inner.push_back(argument.get());
    return in_parentheses(std::string(call.function->name), inner, level);
  }
  std::string operator()(const Aggregate& aggregate) const {
    std::vector<const Expression*> inner;
    if (aggregate.parameter) inner.push_back(aggregate.parameter.get());
    inner.push_back(aggregate.inner.get());
    return in_parentheses(head_of(aggregate), inner, level);
  }
  std::string operator()(const Unary& unary) const {
    const std::string inner = indented(*unary.inner, level);
    return margin(level) + (unary.is_minus ? "-" : "+") + inner.substr(margin(level).size());
  }
  std::string operator()(const Binary& binary) const {
    return fmt::format("{}\n{}{}\n{}", indented(*binary.left, level + 1), margin(level), operator_of(binary),
                       indented(*binary.right, level + 1));
  }
  std::string operator()(const Parentheses& parentheses) const {
    return in_parentheses("", {parentheses.inner.get()}, level);
  }
};

std::string indented(const Expression& expression, std::size_t level) {
  const std::string line = print(expression);
  if (line.size() <= kLineMax) return margin(level) + line;
  return std::visit(Splitter{level, expression}, expression.node);
}

// Between the tokens there are only blanks and comments.
std::string comments_of(std::string_view query) {
  std::string comments;
  std::size_t begin = 0;
  for (const Token& token : lex(query).tokens) {
    std::string_view gap = query.substr(begin, token.span.begin - begin);
    while (gap.find('#') != std::string_view::npos) {
      gap.remove_prefix(gap.find('#'));
      const std::size_t end = std::min(gap.find_first_of("\r\n"), gap.size());
      comments += std::string(gap.substr(0, end)) + '\n';
      gap.remove_prefix(end);
    }
    begin = token.span.end;
  }
  return comments;
}

}  // namespace

Result<std::string> format(std::string_view query, const FunctionTable& functions) {
  auto tree = parse(query, functions);
  if (!tree) return pass_on(tree);
  return comments_of(query) + indented(**tree, 0);
}

}  // namespace ullage::query
