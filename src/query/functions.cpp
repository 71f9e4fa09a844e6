// SPDX-License-Identifier: Apache-2.0
// Functions of instant vectors that look at one value at a time.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <numbers>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "history/series_source.h"
#include "query/arithmetic.h"
#include "query/ast.h"
#include "query/calendar.h"
#include "query/engine.h"
#include "query/evaluator.h"
#include "query/label_set.h"
#include "query/matrix.h"

namespace ullage::query {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double sign(double value) { return value < 0 ? -1 : value > 0 ? 1 : value; }
double radians(double value) { return value * (std::numbers::pi / 180); }
double degrees(double value) { return value * (180 / std::numbers::pi); }

struct OfNumber {
  std::string_view name;
  double (*apply)(double);
};
constexpr std::array<OfNumber, 23> kOfNumber = {{
    {"abs", [](double x) { return std::fabs(x); }},
    {"ceil", [](double x) { return std::ceil(x); }},
    {"floor", [](double x) { return std::floor(x); }},
    {"exp", [](double x) { return std::exp(x); }},
    {"sqrt", [](double x) { return std::sqrt(x); }},
    {"ln", [](double x) { return std::log(x); }},
    {"log2", [](double x) { return std::log2(x); }},
    {"log10", [](double x) { return std::log10(x); }},
    {"sin", [](double x) { return std::sin(x); }},
    {"cos", [](double x) { return std::cos(x); }},
    {"tan", [](double x) { return std::tan(x); }},
    {"asin", [](double x) { return std::asin(x); }},
    {"acos", [](double x) { return std::acos(x); }},
    {"atan", [](double x) { return std::atan(x); }},
    {"sinh", [](double x) { return std::sinh(x); }},
    {"cosh", [](double x) { return std::cosh(x); }},
    {"tanh", [](double x) { return std::tanh(x); }},
    {"asinh", [](double x) { return std::asinh(x); }},
    {"acosh", [](double x) { return std::acosh(x); }},
    {"atanh", [](double x) { return std::atanh(x); }},
    {"sgn", sign},
    {"rad", radians},
    {"deg", degrees},
}};

struct OfDate {
  std::string_view name;
  double (*apply)(const CalendarTime&);
};
constexpr std::array<OfDate, 8> kOfDate = {{
    {"year", [](const CalendarTime& time) { return static_cast<double>(time.year); }},
    {"month", [](const CalendarTime& time) { return static_cast<double>(time.month); }},
    {"day_of_month", [](const CalendarTime& time) { return static_cast<double>(time.day); }},
    {"hour", [](const CalendarTime& time) { return static_cast<double>(time.hour); }},
    {"minute", [](const CalendarTime& time) { return static_cast<double>(time.minute); }},
    {"day_of_week", [](const CalendarTime& time) { return static_cast<double>(time.weekday); }},
    {"day_of_year", [](const CalendarTime& time) { return static_cast<double>(time.day_of_year); }},
    {"days_in_month", [](const CalendarTime& time) { return static_cast<double>(time.days_in_month); }},
}};

// Values that are no longer what their names say.
void change_rows(Matrix& matrix, const std::function<void(std::span<double>)>& change) {
  for (MatrixSeries& series : matrix.series()) series.drops_name = true;
  for (std::size_t i = 0; i < matrix.size(); ++i) change(matrix.row(i));
}

}  // namespace

LabelSet labels_of_absent(const Expression& argument) {
  const Expression& expression = bare(argument);
  const auto* selector = std::get_if<VectorSelector>(&expression.node);
  if (const auto* matrix = std::get_if<MatrixSelector>(&expression.node)) selector = &matrix->selector;
  LabelSet labels;
  if (selector == nullptr) return labels;
  std::vector<std::string_view> seen;
  for (const history::Matcher& matcher : selector->matchers) {
    if (is_metadata_label(matcher.label)) continue;
    const bool is_new = std::ranges::find(seen, matcher.label) == seen.end();
    if (matcher.kind == history::Matcher::Kind::equal && is_new) {
      labels = labels.with(matcher.label, matcher.value);
      seen.emplace_back(matcher.label);
    } else {
      labels = labels.with(matcher.label, "");  // asked for twice, or not for one value: unknown
    }
  }
  return labels;
}

const ExtraFunction* Evaluator::extra_function(std::string_view name) const {
  const auto found =
      std::ranges::find(extra_, name, [](const ExtraFunction& extra) { return extra.signature.name; });
  return found == extra_.end() ? nullptr : &*found;
}

Result<Matrix> Evaluator::function(const Expression& expression, const Call& call, const Grid& grid) {
  const std::string_view name = call.function->name;
  if (std::ranges::any_of(call.arguments,
                          [](const ExpressionPtr& argument) { return argument->type == ValueType::matrix; }))
    return over_windows(call, grid);
  if (const auto found = std::ranges::find(kOfNumber, name, &OfNumber::name); found != kOfNumber.end())
    return pointwise(call, grid, [apply = found->apply](std::span<double> row) {
      for (double& value : row)
        if (!is_absent(value)) value = apply(value);
    });
  if (std::ranges::find(kOfDate, name, &OfDate::name) != kOfDate.end()) return dated(call, grid);
  if (name.starts_with("clamp")) return clamped(call, grid);
  if (name == "round") return rounded(call, grid);
  if (name == "timestamp") return timestamps(call, grid);
  if (name == "absent") return absent_vector(call, grid);
  if (name == "label_replace") return label_replace(call, grid);
  if (name == "label_join") return label_join(call, grid);
  if (name.starts_with("sort")) return sorted(expression, call, grid);
  if (name == "histogram_quantile") return histogram_quantile(call, grid);
  if (name == "histogram_quantiles") return histogram_quantiles(call, grid);
  if (name == "histogram_fraction") return histogram_fraction(call, grid);
  if (name == "vector") {
    auto values = scalar(*call.arguments[0], grid);
    if (!values) return pass_on(values);
    return one_series(*values, grid);
  }
  const ExtraFunction* extra = extra_function(name);
  if (extra == nullptr) return fail("the function " + std::string(name) + "() is not supported");
  return extra_pointwise(*extra, call, grid);
}

Result<Matrix> Evaluator::pointwise(const Call& call, const Grid& grid,
                                    const std::function<void(std::span<double>)>& apply) {
  auto matrix = vector(*call.arguments[0], grid);
  if (matrix) change_rows(*matrix, apply);
  return matrix;
}

Result<Matrix> Evaluator::clamped(const Call& call, const Grid& grid) {
  const std::string_view name = call.function->name;
  auto matrix = vector(*call.arguments[0], grid);  // first, as its errors are told first
  if (!matrix) return matrix;
  Scalars low(grid.steps, -kInfinity), high(grid.steps, kInfinity);
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    auto bound = scalar(*call.arguments[i], grid);
    if (!bound) return pass_on(bound);
    const bool is_low = name == "clamp_min" || (name == "clamp" && i == 1);
    (is_low ? low : high) = std::move(*bound);
  }
  change_rows(*matrix, [&](std::span<double> row) {
    for (std::size_t step = 0; step < row.size(); ++step) {
      if (is_absent(row[step])) continue;
      row[step] = high[step] < low[step] ? kAbsent : greatest(low[step], least(high[step], row[step]));
    }
  });
  return matrix;
}

Result<Matrix> Evaluator::rounded(const Call& call, const Grid& grid) {
  auto matrix = vector(*call.arguments[0], grid);
  if (!matrix) return matrix;
  Scalars nearest(grid.steps, 1);
  if (call.arguments.size() > 1) {
    auto given = scalar(*call.arguments[1], grid);
    if (!given) return pass_on(given);
    nearest = std::move(*given);
  }
  change_rows(*matrix, [&](std::span<double> row) {
    for (std::size_t step = 0; step < row.size(); ++step) {
      const double inverse = 1.0 / nearest[step];  // loses fewer digits than to divide by the nearest
      if (!is_absent(row[step])) row[step] = std::floor(row[step] * inverse + 0.5) / inverse;
    }
  });
  return matrix;
}

Result<Matrix> Evaluator::dated(const Call& call, const Grid& grid) {
  const auto apply = std::ranges::find(kOfDate, call.function->name, &OfDate::name)->apply;
  if (!call.arguments.empty())
    return pointwise(call, grid, [apply](std::span<double> row) {
      for (double& value : row)
        if (!is_absent(value)) value = apply(calendar_time(whole_seconds(value)));
    });
  Scalars values(grid.steps);
  for (std::size_t step = 0; step < grid.steps; ++step)
    values[step] = apply(calendar_time(grid.at(step) / 1000));
  return one_series(values, grid);
}

Result<Matrix> Evaluator::timestamps(const Call& call, const Grid& grid) {
  if (const auto* selector = std::get_if<VectorSelector>(&bare(*call.arguments[0]).node)) {
    auto matrix = selected_times(*selector, grid);
    if (!matrix) return matrix;
    for (MatrixSeries& series : matrix->series()) series.drops_name = true;
    return matrix;
  }
  return pointwise(call, grid, [&](std::span<double> row) {
    for (std::size_t step = 0; step < row.size(); ++step)
      if (!is_absent(row[step])) row[step] = static_cast<double>(grid.at(step)) / 1000;
  });
}

Result<Matrix> Evaluator::absent_vector(const Call& call, const Grid& grid) {
  auto matrix = vector(*call.arguments[0], grid);
  if (!matrix) return matrix;
  Scalars absent(grid.steps, 1);
  for (std::size_t i = 0; i < matrix->size(); ++i)
    for (std::size_t step = 0; step < grid.steps; ++step)
      if (!is_absent(matrix->row(i)[step])) absent[step] = kAbsent;
  if (!has_value(absent)) return empty(grid);
  auto result = one_series(absent, grid);
  if (result) result->series()[0].labels = labels_of_absent(*call.arguments[0]);
  return result;
}

Result<Matrix> Evaluator::extra_pointwise(const ExtraFunction& extra, const Call& call, const Grid& grid) {
  std::vector<Scalars> scalars;
  std::vector<std::string> texts;
  if (auto evaluated = evaluate_others(call, grid, scalars, texts); !evaluated) return pass_on(evaluated);
  std::vector<double> at_step(scalars.size());
  return pointwise(call, grid, [&](std::span<double> row) {
    for (std::size_t step = 0; step < row.size(); ++step) {
      if (is_absent(row[step])) continue;
      for (std::size_t i = 0; i < scalars.size(); ++i) at_step[i] = scalars[i][step];
      row[step] = extra.over_value(row[step], {grid.at(step), 0, grid.at(step), at_step, texts});
    }
  });
}

}  // namespace ullage::query
