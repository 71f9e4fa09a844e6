// SPDX-License-Identifier: Apache-2.0
#include "query/script_variants.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "query/ast.h"
#include "query/children.h"
#include "query/function.h"
#include "query/function_table.h"
#include "query/parser.h"
#include "query/printer.h"

namespace ullage::query {

namespace {

// Their value depends on when they are asked.
constexpr std::array<std::string_view, 15> kOfTheirTime = {
    "day_of_month", "day_of_week",    "day_of_year", "days_in_month", "end",  "hour",      "minute", "month",
    "year",         "predict_linear", "range",       "start",         "step", "timestamp", "time"};

class Pin {
 public:
  explicit Pin(std::int64_t time_ms) : time_ms_(time_ms) {}
  void at(Expression& expression) { std::visit(*this, expression.node); }

  void operator()(NumberLiteral&) {}
  void operator()(StringLiteral&) {}
  void operator()(VectorSelector& selector) { pin(selector.shift); }
  void operator()(MatrixSelector& matrix) { pin(matrix.selector.shift); }
  void operator()(Subquery& subquery) { pin(subquery.shift); }  // what is inside moves with it
  void operator()(Call& call) {
    for (const ExpressionPtr& argument : call.arguments) at(*argument);
  }
  void operator()(Aggregate& aggregate) {
    if (aggregate.parameter) at(*aggregate.parameter);
    at(*aggregate.inner);
  }
  void operator()(Unary& unary) { at(*unary.inner); }
  void operator()(Binary& binary) {
    at(*binary.left);
    at(*binary.right);
  }
  void operator()(Parentheses& parentheses) { at(*parentheses.inner); }

 private:
  void pin(TimeShift& shift) const {
    if (shift.at != TimeShift::At::none) return;
    shift.at = TimeShift::At::timestamp;
    shift.at_ms = time_ms_;
  }

  std::int64_t time_ms_;
};

// Inside a subquery too, though what is there is not pinned.
bool depends_on_time(const Expression& expression) {
  const auto* call = std::get_if<Call>(&expression.node);
  bool depends =
      call != nullptr && std::ranges::find(kOfTheirTime, call->function->name) != kOfTheirTime.end();
  each_child(expression, [&](const Expression& child) { depends = depends || depends_on_time(child); });
  return depends;
}

}  // namespace

Result<std::vector<ScriptVariant>> pinned_variants(std::string_view query, std::int64_t time_ms,
                                                   const FunctionTable& functions) {
  auto expression = parse(query, functions);
  if (!expression) return pass_on(expression);
  if (depends_on_time(**expression)) return std::vector<ScriptVariant>();
  Pin(time_ms).at(**expression);
  const std::string pinned = print(**expression);
  std::vector<ScriptVariant> variants;
  const std::vector<std::int64_t> times =
      time_ms == 0 ? std::vector<std::int64_t>{-1000, 0, 1000}
                   : std::vector<std::int64_t>{-10 * time_ms, 0, time_ms / 5, time_ms, 10 * time_ms};
  for (const std::int64_t time : times) variants.push_back({pinned, time});
  return variants;
}

bool asks_for_its_range(std::string_view query) {
  return std::ranges::any_of(
      std::array<std::string_view, 4>{"start()", "end()", "range()", "step()"},
      [&](std::string_view call) { return query.find(call) != std::string_view::npos; });
}

}  // namespace ullage::query
