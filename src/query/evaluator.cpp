// SPDX-License-Identifier: Apache-2.0
#include "query/evaluator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
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
#include "query/annotations.h"
#include "query/arithmetic.h"
#include "query/ast.h"
#include "query/budget.h"
#include "query/engine.h"
#include "query/matrix.h"

namespace ullage::query {

namespace {

// Their value depends on the step even where their arguments do not.
constexpr std::array<std::string_view, 12> kStepDependent = {
    "day_of_month", "day_of_week",    "day_of_year", "days_in_month", "hour", "minute",
    "month",        "predict_linear", "time",        "timestamp",     "year", "ullage_"};

// Counts the levels of the tree on the way down and up.
class Level {
 public:
  explicit Level(std::size_t& depth) : depth_(depth) { ++depth_; }
  ~Level() { --depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  std::size_t& depth_;
};

}  // namespace

const Expression& bare(const Expression& expression) {
  const Expression* inner = &expression;
  while (const auto* parentheses = std::get_if<Parentheses>(&inner->node)) inner = parentheses->inner.get();
  return *inner;
}

const std::string& text_of(const Expression& expression) {
  const auto* literal = std::get_if<StringLiteral>(&bare(expression).node);
  check(literal != nullptr, "a string argument is a literal");
  return literal->value;
}

Evaluator::Evaluator(const EngineOptions& options, std::span<const ExtraFunction> extra,
                     const history::SeriesSource& source, const Stop& stop, const Grid& query,
                     std::int64_t query_end_ms)
    : options_(options),
      extra_(extra),
      source_(source),
      budget_(options.limits, stop),
      query_(query),
      query_end_ms_(query_end_ms) {}

TimeShift Evaluator::resolved(const TimeShift& shift) const {
  TimeShift fixed = shift;
  if (shift.at == TimeShift::At::start) fixed.at_ms = query_.start_ms;
  if (shift.at == TimeShift::At::end) fixed.at_ms = query_end_ms_;
  if (shift.at != TimeShift::At::none) fixed.at = TimeShift::At::timestamp;
  return fixed;
}

bool Evaluator::is_step_invariant(const Expression& expression) {
  if (const auto known = step_invariant_.find(&expression); known != step_invariant_.end())
    return known->second;
  const bool is_invariant = compute_step_invariant(expression);
  step_invariant_[&expression] = is_invariant;
  return is_invariant;
}

bool Evaluator::compute_step_invariant(const Expression& expression) {
  struct Ask {
    Evaluator& self;
    bool operator()(const NumberLiteral&) const { return true; }
    bool operator()(const StringLiteral&) const { return true; }
    bool operator()(const VectorSelector& selector) const { return selector.shift.at != TimeShift::At::none; }
    bool operator()(const MatrixSelector& matrix) const { return (*this)(matrix.selector); }
    bool operator()(const Subquery& subquery) const { return subquery.shift.at != TimeShift::At::none; }
    bool operator()(const Aggregate& aggregate) const { return self.is_step_invariant(*aggregate.inner); }
    bool operator()(const Unary& unary) const { return self.is_step_invariant(*unary.inner); }
    bool operator()(const Parentheses& parentheses) const {
      return self.is_step_invariant(*parentheses.inner);
    }
    bool operator()(const Binary& binary) const {
      return self.is_step_invariant(*binary.left) && self.is_step_invariant(*binary.right);
    }
    bool operator()(const Call& call) const {
      const bool all = std::ranges::all_of(call.arguments, [this](const ExpressionPtr& argument) {
        return self.is_step_invariant(*argument);
      });
      // The time of a sample that @ picks is the same at each step; that of any other value is the step's.
      if (call.function->name == "timestamp")
        return all && std::holds_alternative<VectorSelector>(bare(*call.arguments[0]).node);
      return all && std::ranges::none_of(kStepDependent, [&](std::string_view name) {
               return call.function->name == name ||
                      (name.back() == '_' && call.function->name.starts_with(name));
             });
    }
  };
  return std::visit(Ask{*this}, expression.node);
}

Result<Matrix> Evaluator::vector(const Expression& expression, const Grid& grid) {
  const Level level(depth_);
  if (auto shallow = budget_.check_depth(depth_); !shallow) return pass_on(shallow);
  if (auto alive = budget_.alive(); !alive) return pass_on(alive);
  if (!grid.is_range || !is_step_invariant(expression)) return vector_once(expression, grid);
  auto once = vector_once(expression, Grid{grid.start_ms, grid.step_ms, 1});
  if (!once) return once;
  return once->broadcast(grid.steps);
}

// Of parts that are written more than once, the first is evaluated.
Result<Matrix> Evaluator::vector_once(const Expression& expression, const Grid& grid) {
  if (!repeats_.is_one(expression)) return vector_here(expression, grid);
  if (auto kept = repeats_.take(expression, grid, annotations_)) return std::move(*kept);
  Annotations before = std::exchange(annotations_, {});
  auto matrix = vector_here(expression, grid);
  if (matrix) repeats_.keep(expression, grid, *matrix, annotations_);
  before.add_moved(annotations_, 0, 0);
  annotations_ = std::move(before);
  return matrix;
}

Result<Matrix> Evaluator::vector_here(const Expression& expression, const Grid& grid) {
  struct Evaluate {
    Evaluator& self;
    const Expression& expression;
    const Grid& grid;
    Result<Matrix> never() const {
      check(false, "the parser lets only vectors stand for vectors");
      return self.empty(grid);
    }
    Result<Matrix> operator()(const NumberLiteral&) const { return never(); }
    Result<Matrix> operator()(const StringLiteral&) const { return never(); }
    Result<Matrix> operator()(const MatrixSelector&) const { return never(); }
    Result<Matrix> operator()(const Subquery&) const { return never(); }
    Result<Matrix> operator()(const VectorSelector& selector) const { return self.selected(selector, grid); }
    Result<Matrix> operator()(const Call& call) const { return self.function(expression, call, grid); }
    Result<Matrix> operator()(const Aggregate& aggregate) const { return self.aggregate(aggregate, grid); }
    Result<Matrix> operator()(const Binary& binary) const { return self.binary(binary, grid); }
    Result<Matrix> operator()(const Parentheses& parentheses) const {
      return self.vector(*parentheses.inner, grid);
    }
    Result<Matrix> operator()(const Unary& unary) const {
      return unary.is_minus ? self.negated(*unary.inner, grid) : self.vector(*unary.inner, grid);
    }
  };
  return std::visit(Evaluate{*this, expression, grid}, expression.node);
}

Result<Matrix> Evaluator::negated(const Expression& inner, const Grid& grid) {
  auto matrix = vector(inner, grid);
  if (!matrix) return matrix;
  for (MatrixSeries& series : matrix->series()) series.drops_name = true;
  for (double& value : matrix->values())
    if (!is_absent(value)) value = -value;
  return matrix;
}

Result<Matrix> Evaluator::one_series(std::span<const double> values, const Grid& grid) {
  Matrix matrix = empty(grid);
  auto row = matrix.add({});
  if (!row) return pass_on(row);
  std::ranges::copy(values, row->begin());
  return matrix;
}

Result<Scalars> Evaluator::scalar(const Expression& expression, const Grid& grid) {
  const Level level(depth_);
  if (auto shallow = budget_.check_depth(depth_); !shallow) return pass_on(shallow);
  if (!grid.is_range || !is_step_invariant(expression)) return scalar_here(expression, grid);
  auto once = scalar_here(expression, Grid{grid.start_ms, grid.step_ms, 1});
  if (!once) return once;
  return Scalars(grid.steps, once->front());
}

Result<Scalars> Evaluator::scalar_here(const Expression& expression, const Grid& grid) {
  if (const auto* number = std::get_if<NumberLiteral>(&expression.node))
    return Scalars(grid.steps, number->value);
  if (const auto* parentheses = std::get_if<Parentheses>(&expression.node))
    return scalar(*parentheses->inner, grid);
  if (const auto* unary = std::get_if<Unary>(&expression.node)) {
    auto values = scalar(*unary->inner, grid);
    if (values && unary->is_minus)
      for (double& value : *values) value = -value;
    return values;
  }
  if (const auto* binary = std::get_if<Binary>(&expression.node)) return scalar_binary(*binary, grid);
  const auto* call = std::get_if<Call>(&expression.node);
  check(call != nullptr, "the parser lets only scalars stand for scalars");
  return scalar_function(*call, grid);
}

Result<Scalars> Evaluator::scalar_binary(const Binary& binary, const Grid& grid) {
  auto left = scalar(*binary.left, grid);
  if (!left) return left;
  auto right = scalar(*binary.right, grid);
  if (!right) return right;
  for (std::size_t step = 0; step < grid.steps; ++step)
    (*left)[step] = scalar_operation(binary.operation, (*left)[step], (*right)[step]);
  return left;
}

Result<Scalars> Evaluator::scalar_function(const Call& call, const Grid& grid) {
  const std::string_view name = call.function->name;
  const auto all = [&](double value) { return Scalars(grid.steps, value); };
  const auto seconds = [](std::int64_t ms) { return static_cast<double>(ms) / 1000; };
  if (name == "pi") return all(std::numbers::pi);
  if (name == "start") return all(seconds(query_.start_ms));
  if (name == "end") return all(seconds(query_end_ms_));
  if (name == "range") return all(seconds(query_end_ms_ - query_.start_ms));
  if (name == "step") return all(query_end_ms_ == query_.start_ms ? 0 : seconds(query_.step_ms));
  if (name == "time") {
    Scalars times(grid.steps);
    for (std::size_t step = 0; step < grid.steps; ++step) times[step] = seconds(grid.at(step));
    return times;
  }
  if (name == "scalar") {
    auto matrix = vector(*call.arguments[0], grid);
    if (!matrix) return pass_on(matrix);
    Scalars values(grid.steps, kAbsent);
    for (std::size_t i = 0; i < matrix->size(); ++i)
      for (std::size_t step = 0; step < grid.steps; ++step)
        if (const double value = std::as_const(*matrix).row(i)[step]; !is_absent(value))
          values[step] = is_absent(values[step]) ? value : std::numeric_limits<double>::quiet_NaN();
    for (double& value : values)
      if (is_absent(value)) value = std::numeric_limits<double>::quiet_NaN();
    return values;
  }
  check(name == "min_of" || name == "max_of", "every function that gives a scalar is known");
  auto left = scalar(*call.arguments[0], grid);
  if (!left) return left;
  auto right = scalar(*call.arguments[1], grid);
  if (!right) return right;
  for (std::size_t step = 0; step < grid.steps; ++step)
    (*left)[step] =
        name == "min_of" ? least((*left)[step], (*right)[step]) : greatest((*left)[step], (*right)[step]);
  return left;
}

}  // namespace ullage::query
