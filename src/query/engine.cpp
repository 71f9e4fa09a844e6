// SPDX-License-Identifier: Apache-2.0
#include "query/engine.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/series_source.h"
#include "query/ast.h"
#include "query/budget.h"
#include "query/evaluator.h"
#include "query/function.h"
#include "query/function_table.h"
#include "query/label_set.h"
#include "query/matrix.h"
#include "query/parser.h"

namespace ullage::query {

namespace {

std::vector<Function> signatures(std::span<const ExtraFunction> extra) {
  std::vector<Function> functions;
  for (const ExtraFunction& function : extra) functions.push_back(function.signature);
  return functions;
}

// Now that all operations are done, the names go that they made untrue.
Result<void> drop_names(Matrix& matrix) {
  for (MatrixSeries& series : matrix.series())
    if (series.drops_name) series.labels = series.labels.without_metadata();
  return matrix.merge_same_labels();
}

std::vector<Point> points_of(std::span<const double> row, const Grid& grid) {
  std::vector<Point> points;
  points.reserve(row.size());
  for (std::size_t step = 0; step < row.size(); ++step)
    if (!is_absent(row[step])) points.push_back({grid.at(step), row[step]});
  return points;
}

void sort_by_labels(std::vector<ResultSeries>& series) {
  std::ranges::sort(series, [](const ResultSeries& a, const ResultSeries& b) { return a.labels < b.labels; });
}

Result<void> add_series(Result<Matrix> matrix, const Grid& grid, QueryResult& result) {
  if (!matrix) return pass_on(matrix);
  if (auto dropped = drop_names(*matrix); !dropped) return dropped;
  for (std::size_t i = 0; i < matrix->size(); ++i)
    if (auto points = points_of(matrix->row(i), grid); !points.empty())
      result.series.push_back({std::move(matrix->series()[i].labels), std::move(points)});
  return {};
}

// What an expression gives at one moment, or over a range where it is a scalar or a vector.
Result<void> evaluate(Evaluator& evaluator, const Expression& expression, const Grid& grid,
                      QueryResult& result) {
  switch (expression.type) {
    case ValueType::string:
      result.kind = QueryResult::Kind::string;
      result.text = text_of(expression);
      result.scalar.time_ms = grid.start_ms;
      return {};
    case ValueType::scalar: {
      result.kind = QueryResult::Kind::scalar;
      auto values = evaluator.scalar(expression, grid);
      if (!values) return pass_on(values);
      result.scalar = {grid.start_ms, values->front()};
      result.series.push_back({{}, points_of(*values, grid)});
      return {};
    }
    case ValueType::vector:
      result.kind = QueryResult::Kind::vector;
      return add_series(evaluator.vector(expression, grid), grid, result);
    case ValueType::matrix: {
      result.kind = QueryResult::Kind::matrix;
      auto series = evaluator.range_vector(expression, grid.start_ms);
      if (!series) return pass_on(series);
      result.series = std::move(*series);
      sort_by_labels(result.series);
      return {};
    }
  }
  return {};
}

Result<QueryResult> answer(Evaluator& evaluator, const Expression& expression, std::string_view query,
                           const Grid& grid) {
  QueryResult result;
  evaluator.prepare(expression);
  if (auto done = evaluate(evaluator, expression, grid, result); !done) return pass_on(done);
  result.warnings = evaluator.annotations().warnings(query);
  result.infos = evaluator.annotations().infos(query);
  result.samples_read = evaluator.budget().samples();
  return result;
}

std::string_view name_of(ValueType type) { return type == ValueType::string ? "string" : "range vector"; }

}  // namespace

Engine::Engine(EngineOptions options, std::vector<ExtraFunction> extra)
    : options_(options),
      extra_(std::move(extra)),
      functions_(std::make_unique<FunctionTable>(signatures(extra_))) {}

Result<QueryResult> Engine::instant(std::string_view query, const history::SeriesSource& source,
                                    std::int64_t time_ms, const Stop& stop) const {
  auto expression = parse(query, *functions_);
  if (!expression) return pass_on(expression);
  const Grid grid{time_ms, 1, 1};
  Evaluator evaluator(options_, extra_, source, stop, grid, time_ms);
  auto result = answer(evaluator, **expression, query, grid);
  if (result && result->kind == QueryResult::Kind::scalar) result->series.clear();
  return result;
}

Result<QueryResult> Engine::range(std::string_view query, const history::SeriesSource& source,
                                  std::int64_t start_ms, std::int64_t end_ms, std::int64_t step_ms,
                                  const Stop& stop) const {
  auto expression = parse(query, *functions_);
  if (!expression) return pass_on(expression);
  const ValueType type = (*expression)->type;
  if (type == ValueType::string || type == ValueType::matrix)
    return fail("invalid expression type \"" + std::string(name_of(type)) +
                "\" for range query, must be Scalar or instant Vector");
  if (step_ms <= 0) return fail("the step of a range query must be longer than nothing");
  if (end_ms < start_ms) return fail("a range query must not end before it starts");
  const Grid grid{start_ms, step_ms, static_cast<std::size_t>((end_ms - start_ms) / step_ms) + 1,
                  end_ms > start_ms};
  Evaluator evaluator(options_, extra_, source, stop, grid, end_ms);
  if (auto fits = evaluator.budget().check_steps(grid.steps); !fits) return pass_on(fits);
  auto result = answer(evaluator, **expression, query, grid);
  if (!result) return result;
  result->kind = QueryResult::Kind::matrix;
  sort_by_labels(result->series);
  return result;
}

}  // namespace ullage::query
