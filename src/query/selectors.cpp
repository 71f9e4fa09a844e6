// SPDX-License-Identifier: Apache-2.0
// Selectors: a source's samples become rows of values, or the windows of a range vector.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "history/series_source.h"
#include "metric/series.h"
#include "query/ast.h"
#include "query/engine.h"
#include "query/evaluator.h"
#include "query/label_set.h"
#include "query/matrix.h"
#include "query/tier_windows.h"

namespace ullage::query {

namespace {

// The samples between staleness markers; copied only when there is a marker.
std::span<const Sample> without_markers(std::span<const Sample> samples, std::vector<Sample>& buffer) {
  const auto is_marker = [](const Sample& sample) { return is_absent(sample.value); };
  if (std::ranges::none_of(samples, is_marker)) return samples;
  buffer.clear();
  std::ranges::remove_copy_if(samples, std::back_inserter(buffer), is_marker);
  return buffer;
}

// All that the windows of a plan hold.
history::Selection selection_of(const VectorSelector& selector, const WindowPlan& plan) {
  return {selector.matchers, plan.end_ms(0) - plan.range_ms, plan.end_ms(plan.grid.steps - 1)};
}

}  // namespace

Result<void> Evaluator::check_matchers(const VectorSelector& selector) const {
  for (const history::Matcher& matcher : selector.matchers) {
    if (matcher.kind == history::Matcher::Kind::equal || matcher.kind == history::Matcher::Kind::not_equal)
      continue;
    if (auto fits = budget_.check_regex(matcher.value); !fits) return fits;
  }
  return {};
}

template <class ValueOf>
Result<Matrix> Evaluator::select_instants(const history::Selection& selection, const WindowPlan& plan,
                                          ValueOf value_of) {
  const Grid& grid = plan.grid;
  Matrix matrix = empty(grid);
  Scalars values(grid.steps);
  const auto visit = [&](const metric::SeriesKey& key, std::span<const Sample> samples) -> Result<void> {
    if (auto room = budget_.take_samples(samples.size()); !room) return room;
    if (auto room = budget_.take_series(); !room) return room;
    std::size_t next = 0;
    bool has_any = false;
    for (std::size_t step = 0; step < grid.steps; ++step) {
      const std::int64_t at = plan.end_ms(step);
      while (next < samples.size() && samples[next].time_ms <= at) ++next;
      const bool is_there =
          next > 0 && samples[next - 1].time_ms > at - plan.range_ms && !is_absent(samples[next - 1].value);
      values[step] = is_there ? value_of(samples[next - 1]) : kAbsent;
      has_any |= is_there;
    }
    if (!has_any) return {};
    auto row = matrix.add({LabelSet(key)});
    if (!row) return pass_on(row);
    std::ranges::copy(values, row->begin());
    return {};
  };
  if (auto done = source_.select(selection, visit); !done) return pass_on(done);
  return matrix;
}

Result<Matrix> Evaluator::selected(const VectorSelector& selector, const Grid& grid) {
  if (auto fit = check_matchers(selector); !fit) return pass_on(fit);
  const WindowPlan plan{grid, options_.lookback_ms, resolved(selector.shift)};
  return select_instants(selection_of(selector, plan), plan,
                         [](const Sample& sample) { return sample.value; });
}

Result<Matrix> Evaluator::selected_times(const VectorSelector& selector, const Grid& grid) {
  if (auto fit = check_matchers(selector); !fit) return pass_on(fit);
  const WindowPlan plan{grid, options_.lookback_ms, resolved(selector.shift)};
  // As in Prometheus, @ takes the place of an offset here, yet it looks only at samples that both would see.
  WindowPlan pinned = plan;
  if (plan.shift.at != TimeShift::At::none) pinned.shift.offset_ms = 0;
  return select_instants(selection_of(selector, plan), pinned,
                         [](const Sample& sample) { return static_cast<double>(sample.time_ms) / 1000; });
}

WindowPlan Evaluator::plan_of(const Expression& argument, const Grid& grid) const {
  const Expression& range = bare(argument);
  if (const auto* subquery = std::get_if<Subquery>(&range.node))
    return {grid, subquery->range_ms, resolved(subquery->shift), &budget_};
  const auto* matrix = std::get_if<MatrixSelector>(&range.node);
  check(matrix != nullptr, "a range vector is a selector or a subquery");
  return {grid, matrix->range_ms, resolved(matrix->selector.shift), &budget_};
}

Result<void> Evaluator::each_window_series(const Expression& argument, const WindowPlan& plan,
                                           const VisitWindowSeries& visit) {
  const Expression& range = bare(argument);
  if (const auto* subquery = std::get_if<Subquery>(&range.node))
    return each_subquery_series(*subquery, plan, visit);
  const VectorSelector& selector = std::get<MatrixSelector>(range.node).selector;
  if (auto fit = check_matchers(selector); !fit) return fit;
  std::vector<Sample> buffer;
  return source_.select(selection_of(selector, plan),
                        [&](const metric::SeriesKey& key, std::span<const Sample> samples) -> Result<void> {
                          if (auto room = budget_.take_samples(samples.size()); !room) return room;
                          if (auto room = budget_.take_series(); !room) return room;
                          const std::span<const Sample> present = without_markers(samples, buffer);
                          return present.empty() ? Result<void>()
                                                 : visit(WindowSeries{&key, nullptr}, present);
                        });
}

std::int64_t Evaluator::tier_of(const Expression& argument, const WindowPlan& plan) const {
  const auto* matrix = std::get_if<MatrixSelector>(&bare(argument).node);
  return matrix == nullptr ? 0 : source_.tier_ms(selection_of(matrix->selector, plan), divisor_ms(plan));
}

Result<void> Evaluator::each_tier_series(const Expression& argument, const WindowPlan& plan,
                                         const VisitTierSeries& visit) {
  const VectorSelector& selector = std::get<MatrixSelector>(bare(argument).node).selector;
  if (auto fit = check_matchers(selector); !fit) return fit;
  return source_.select_buckets(
      selection_of(selector, plan), tier_of(argument, plan),
      [&](const metric::SeriesKey& key, std::span<const history::Bucket> buckets) -> Result<void> {
        if (auto room = budget_.take_samples(buckets.size()); !room) return room;
        if (auto room = budget_.take_series(); !room) return room;
        return buckets.empty() ? Result<void>() : visit(WindowSeries{&key, nullptr}, buckets);
      });
}

Result<void> Evaluator::each_subquery_series(const Subquery& subquery, const WindowPlan& plan,
                                             const VisitWindowSeries& visit) {
  const std::int64_t step = subquery.step_ms != 0 ? subquery.step_ms : options_.subquery_step_ms;
  const std::int64_t after = plan.end_ms(0) - plan.range_ms, end = plan.end_ms(plan.grid.steps - 1);
  // The first multiple of the step that lies after `after`; division cuts towards zero.
  std::int64_t start = after / step * step;
  if (start <= after) start += step;
  if (end < start) return {};
  const Grid grid{start, step, static_cast<std::size_t>((end - start) / step) + 1, end > start};
  if (auto fits = budget_.check_steps(grid.steps); !fits) return fits;
  auto matrix = vector(*subquery.inner, grid);
  if (!matrix) return pass_on(matrix);
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < matrix->size(); ++i) {
    samples.clear();
    const auto row = matrix->row(i);
    for (std::size_t at = 0; at < grid.steps; ++at)
      if (!is_absent(row[at])) samples.push_back({grid.at(at), row[at]});
    if (samples.empty()) continue;
    if (auto visited = visit(WindowSeries{nullptr, &matrix->series()[i]}, samples); !visited) return visited;
  }
  return {};
}

Result<std::vector<ResultSeries>> Evaluator::range_vector(const Expression& expression,
                                                          std::int64_t time_ms) {
  const WindowPlan plan = plan_of(expression, Grid{time_ms, 1, 1});
  const std::int64_t end = plan.end_ms(0), begin = end - plan.range_ms;
  std::vector<ResultSeries> result;
  const auto visit = [&](const WindowSeries& series, std::span<const Sample> samples) -> Result<void> {
    ResultSeries found{series.drops_name() ? series.labels().without_metadata() : series.labels(), {}};
    for (const Sample& sample : samples)
      if (sample.time_ms > begin && sample.time_ms <= end)
        found.points.push_back({sample.time_ms, sample.value});
    if (!found.points.empty()) result.push_back(std::move(found));
    return {};
  };
  if (auto done = each_window_series(expression, plan, visit); !done) return pass_on(done);
  return result;
}

}  // namespace ullage::query
