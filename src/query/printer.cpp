// SPDX-License-Identifier: Apache-2.0
#include "query/printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "history/series_source.h"
#include "query/ast.h"
#include "query/keyword.h"
#include "query/literal.h"
#include "query/print_parts.h"
#include "query/quoting.h"

namespace ullage::query {

namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

std::string labels_text(const std::vector<std::string>& labels) {
  std::vector<std::string> names;
  for (const std::string& label : labels)
    names.push_back(is_plain_in_list(label) ? quote_unless_name(label) : quote(label));
  return "(" + joined(names, ", ") + ")";
}

std::string at_text(const TimeShift& shift) {
  switch (shift.at) {
    case TimeShift::At::none:
      return "";
    case TimeShift::At::start:
      return " @ start()";
    case TimeShift::At::end:
      return " @ end()";
    case TimeShift::At::timestamp:
      break;
  }
  const std::int64_t ms = std::abs(shift.at_ms);
  return fmt::format(" @ {}{}.{:03}", shift.at_ms < 0 ? "-" : "", ms / 1000, ms % 1000);
}

std::string shift_text(const TimeShift& shift) {
  return at_text(shift) + (shift.offset_ms == 0 ? "" : " offset " + format_duration_ms(shift.offset_ms));
}

std::string selector_text(const VectorSelector& selector) {
  std::vector<std::string> matchers;
  for (std::size_t i = selector.name.empty() ? 0 : 1; i < selector.matchers.size(); ++i)
    matchers.push_back(print(selector.matchers[i]));
  std::ranges::sort(matchers);
  return selector.name + (matchers.empty() ? "" : "{" + joined(matchers, ",") + "}");
}

struct Printer {
  std::string operator()(const NumberLiteral& number) const {
    if (number.is_duration) return format_duration_ms(std::llround(number.value * 1000));
    return format_number(number.value);
  }
  std::string operator()(const StringLiteral& text) const { return quote(text.value); }
  std::string operator()(const VectorSelector& selector) const { return print(selector); }
  std::string operator()(const MatrixSelector& matrix) const {
    return fmt::format("{}[{}]{}", selector_text(matrix.selector), format_duration_ms(matrix.range_ms),
                       shift_text(matrix.selector.shift));
  }
  std::string operator()(const Subquery& subquery) const {
    return print(*subquery.inner) + suffix_of(subquery);
  }
  std::string operator()(const Call& call) const {
    std::vector<std::string> arguments;
    for (const ExpressionPtr& argument : call.arguments) arguments.push_back(print(*argument));
    return fmt::format("{}({})", call.function->name, joined(arguments, ", "));
  }
  std::string operator()(const Aggregate& aggregate) const {
    const std::string parameter = aggregate.parameter ? print(*aggregate.parameter) + ", " : "";
    return fmt::format("{}({}{})", head_of(aggregate), parameter, print(*aggregate.inner));
  }
  std::string operator()(const Unary& unary) const {
    return (unary.is_minus ? "-" : "+") + print(*unary.inner);
  }
  std::string operator()(const Binary& binary) const {
    return fmt::format("{} {} {}", print(*binary.left), operator_of(binary), print(*binary.right));
  }
  std::string operator()(const Parentheses& parentheses) const {
    return "(" + print(*parentheses.inner) + ")";
  }
};

}  // namespace

std::string print(const Expression& expression) { return std::visit(Printer{}, expression.node); }

std::string print(const VectorSelector& selector) {
  return selector_text(selector) + shift_text(selector.shift);
}

std::string print(const history::Matcher& matcher) {
  constexpr std::string_view kKinds[] = {"=", "!=", "=~", "!~"};
  return quote_unless_name(matcher.label) + std::string(kKinds[static_cast<std::size_t>(matcher.kind)]) +
         quote(matcher.value);
}

std::string suffix_of(const Subquery& subquery) {
  return fmt::format("[{}:{}]{}", format_duration_ms(subquery.range_ms),
                     subquery.step_ms == 0 ? "" : format_duration_ms(subquery.step_ms),
                     shift_text(subquery.shift));
}

std::string head_of(const Aggregate& aggregate) {
  const std::string name(aggregation_name(aggregate.operation));
  if (!aggregate.is_without && aggregate.labels.empty()) return name;
  return fmt::format("{} {} {} ", name, aggregate.is_without ? "without" : "by",
                     labels_text(aggregate.labels));
}

std::string operator_of(const Binary& binary) {
  using Cardinality = VectorMatching::Cardinality;
  std::string text(operator_text(binary.operation));
  if (binary.is_bool) text += " bool";
  if (!binary.matching) return text;
  const VectorMatching& matching = *binary.matching;
  const bool is_left = matching.cardinality == Cardinality::many_to_one;
  const bool is_grouped = is_left || matching.cardinality == Cardinality::one_to_many;
  if (matching.is_on || !matching.labels.empty() || is_grouped)
    text += fmt::format(" {} {}", matching.is_on ? "on" : "ignoring", labels_text(matching.labels));
  if (is_grouped)
    text += fmt::format(" group_{} {}", is_left ? "left" : "right", labels_text(matching.include));
  return text;
}

}  // namespace ullage::query
