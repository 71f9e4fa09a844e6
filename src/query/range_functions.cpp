// SPDX-License-Identifier: Apache-2.0
// Calls over range vectors: which series, which labels, which annotations; windows.h computes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "history/series_source.h"
#include "query/annotations.h"
#include "query/ast.h"
#include "query/engine.h"
#include "query/evaluator.h"
#include "query/matrix.h"
#include "query/quoting.h"
#include "query/tier_windows.h"
#include "query/windows.h"

namespace ullage::query {

namespace {

bool looks_like_counter(std::string_view name) {
  return name.ends_with("_total") || name.ends_with("_sum") || name.ends_with("_count") ||
         name.ends_with("_bucket");
}

const Expression& range_argument(const Call& call) {
  const auto found = std::ranges::find(call.arguments, ValueType::matrix,
                                       [](const ExpressionPtr& argument) { return argument->type; });
  check(found != call.arguments.end(), "a function over ranges has a range vector among its arguments");
  return bare(**found);
}

// Where annotations of a range function point. That of a subquery is the query's begin, as in Prometheus,
// whose texts we keep.
Span place_of(const Expression& argument) {
  return std::holds_alternative<Subquery>(argument.node) ? Span{} : argument.span;
}

Result<void> check_factors(std::span<const Scalars> scalars) {
  static constexpr std::string_view kNames[] = {"smoothing", "trend"};
  for (std::size_t i = 0; i < scalars.size(); ++i)
    for (const double factor : scalars[i])
      if (factor <= 0 || factor >= 1)
        return fail(fmt::format("invalid {} factor. Expected: 0 < {} < 1, got: {:f}", kNames[i],
                                i == 0 ? "sf" : "tf", factor));
  return {};
}

}  // namespace

Result<Matrix> Evaluator::over_windows(const Call& call, const Grid& grid) {
  const std::string_view name = call.function->name;
  if (name == "absent_over_time") return absent_over_time(call, grid);
  const Expression& argument = range_argument(call);
  const WindowPlan plan = plan_of(argument, grid);
  std::vector<Scalars> scalars;
  std::vector<std::string> texts;
  if (auto evaluated = evaluate_others(call, grid, scalars, texts); !evaluated) return pass_on(evaluated);
  std::optional<FillRow> fill = window_function(name, plan, scalars);
  if (const ExtraFunction* extra = extra_function(name); extra != nullptr)
    fill = extra_window_function(*extra, plan, scalars, texts);
  check(fill.has_value(), "every function over ranges is known");

  const bool keeps_name = name == "last_over_time" || name == "first_over_time";
  const bool wants_counter = name == "rate" || name == "increase";
  Matrix result = empty(grid);
  Scalars row(grid.steps);
  const auto take_row = [&](const WindowSeries& series, bool has_any) -> Result<void> {
    if (auto alive = budget_.alive(); !alive || !has_any) return alive;
    if (wants_counter && !series.name().empty() && !looks_like_counter(series.name()))
      annotations_.inform("metric might not be a counter, name does not end in _total/_sum/_count/_bucket: " +
                              quote(series.name()),
                          place_of(argument));
    auto added = result.add({series.labels(), !keeps_name || series.drops_name()});
    if (!added) return pass_on(added);
    std::ranges::copy(row, added->begin());
    return {};
  };
  const auto tier = tier_function(name, plan);
  const auto done =
      tier && tier_of(argument, plan) > 0
          ? each_tier_series(argument, plan,
                             [&](const WindowSeries& series, std::span<const history::Bucket> buckets) {
                               return take_row(series, (*tier)(buckets, row));
                             })
          : each_window_series(
                argument, plan,
                [&](const WindowSeries& series, std::span<const Sample> samples) -> Result<void> {
                  if (name == "double_exponential_smoothing")
                    if (auto valid = check_factors(scalars); !valid) return valid;
                  return take_row(series, (*fill)(samples, row));
                });
  if (!done) return fail(done.error());
  if (name == "quantile_over_time") {
    for (std::size_t step = 0; step < grid.steps; ++step)
      if (!result.has_value_at(step)) scalars[0][step] = 0;  // one that nothing was asked with
    warn_of_quantiles(scalars[0], *call.arguments[0]);
  }
  return result;
}

// A bad quantile is told once, at its place.
void Evaluator::warn_of_quantiles(std::span<const double> quantiles, const Expression& where) {
  double last = std::nan("");
  for (std::size_t i = 0; i < quantiles.size(); ++i) {
    const double quantile = quantiles[i];
    if ((quantile >= 0 && quantile <= 1) || (i > 0 && quantile == last)) continue;
    last = quantile;
    annotations_.warn("quantile value should be between 0 and 1, got " + go_number(quantile),
                      bare(where).span);
  }
}

Result<Matrix> Evaluator::absent_over_time(const Call& call, const Grid& grid) {
  const Expression& argument = range_argument(call);
  const WindowPlan plan = plan_of(argument, grid);
  const std::optional<FillRow> fill = window_function("present_over_time", plan, {});
  Scalars row(grid.steps), absent(grid.steps, 1);
  const auto visit = [&](const WindowSeries&, std::span<const Sample> samples) -> Result<void> {
    if (!(*fill)(samples, row)) return {};
    for (std::size_t step = 0; step < grid.steps; ++step)
      if (!is_absent(row[step])) absent[step] = kAbsent;
    return {};
  };
  if (auto done = each_window_series(argument, plan, visit); !done) return pass_on(done);
  if (!has_value(absent)) return empty(grid);
  auto matrix = one_series(absent, grid);
  if (matrix) matrix->series()[0] = {labels_of_absent(argument), true};
  return matrix;
}

// The scalar and string arguments of a call, in the order written.
Result<void> Evaluator::evaluate_others(const Call& call, const Grid& grid, std::vector<Scalars>& scalars,
                                        std::vector<std::string>& texts) {
  for (const ExpressionPtr& argument : call.arguments) {
    if (argument->type == ValueType::string) texts.push_back(text_of(*argument));
    if (argument->type != ValueType::scalar) continue;
    auto values = scalar(*argument, grid);
    if (!values) return pass_on(values);
    scalars.push_back(std::move(*values));
  }
  return {};
}

FillRow Evaluator::extra_window_function(const ExtraFunction& extra, const WindowPlan& plan,
                                         std::span<const Scalars> scalars,
                                         std::span<const std::string> texts) {
  struct Extra {
    const ExtraFunction& extra;
    std::span<const Scalars> scalars;
    std::span<const std::string> texts;
    std::span<const Sample> samples = {};
    std::vector<double> at_step = {};

    void begin(std::span<const Sample> all) { samples = all; }
    double operator()(std::size_t first, std::size_t end, const WindowTime& time) {
      at_step.clear();
      for (const Scalars& values : scalars) at_step.push_back(values[time.step]);
      return extra.over_window(samples.subspan(first, end - first),
                               {time.time_ms, time.end_ms - time.begin_ms, time.end_ms, at_step, texts});
    }
  };
  return [plan, compute = Extra{extra, scalars, texts}](std::span<const Sample> samples,
                                                        std::span<double> row) mutable {
    return slide(plan, samples, row, compute);
  };
}

}  // namespace ullage::query
