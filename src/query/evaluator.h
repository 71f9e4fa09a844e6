// SPDX-License-Identifier: Apache-2.0
// One query being evaluated: the tree is walked from the top, each node gives a value for all steps of a
// grid. Parts that do not depend on the step are evaluated for one step and spread. The kinds of nodes are
// in files of their own: selectors.cpp, windows.cpp, aggregate*.cpp, binary.cpp, set_operators.cpp,
// pointwise.cpp, classic_histogram.cpp, label_functions.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "history/series_source.h"
#include "query/annotations.h"
#include "query/ast.h"
#include "query/budget.h"
#include "query/engine.h"
#include "query/matrix.h"
#include "query/repeats.h"

namespace ullage::query {

using Scalars = std::vector<double>;  // one a step

// The windows that a range vector has at the steps of a grid: (end - range, end].
struct WindowPlan {
  Grid grid;
  std::int64_t range_ms = 0;
  TimeShift shift;  // its start and end are resolved
  const Budget* budget = nullptr;

  std::int64_t end_ms(std::size_t step) const {
    return (shift.at == TimeShift::At::none ? grid.at(step) : shift.at_ms) - shift.offset_ms;
  }
};

// What the visit of a range vector's series sees: samples without staleness markers.
struct WindowSeries {
  const metric::SeriesKey* key = nullptr;  // one of the two
  const MatrixSeries* series = nullptr;
  LabelSet labels() const { return key != nullptr ? LabelSet(*key) : series->labels; }
  std::string_view name() const {
    return key != nullptr ? std::string_view(key->name) : series->labels.name();
  }
  bool drops_name() const { return series != nullptr && series->drops_name; }
};

// Fills a row of one value a step from a series' samples; says whether any step has a value.
using FillRow = std::function<bool(std::span<const Sample>, std::span<double>)>;

class Evaluator {
 public:
  Evaluator(const EngineOptions& options, std::span<const ExtraFunction> extra,
            const history::SeriesSource& source, const Stop& stop, const Grid& query,
            std::int64_t query_end_ms);

  // To be called once, with the whole query, before its parts are evaluated.
  void prepare(const Expression& query) { repeats_.find(query); }
  Result<Matrix> vector(const Expression& expression, const Grid& grid);
  Result<Scalars> scalar(const Expression& expression, const Grid& grid);
  // A range vector asked for as such: its samples at one moment.
  Result<std::vector<ResultSeries>> range_vector(const Expression& expression, std::int64_t time_ms);

  const Annotations& annotations() const { return annotations_; }
  const Budget& budget() const { return budget_; }

 private:
  using VisitWindowSeries = std::function<Result<void>(const WindowSeries&, std::span<const Sample>)>;

  // evaluator.cpp
  Result<Matrix> vector_once(const Expression& expression, const Grid& grid);
  Result<Matrix> vector_here(const Expression& expression, const Grid& grid);
  Result<Scalars> scalar_here(const Expression& expression, const Grid& grid);
  bool is_step_invariant(const Expression& expression);
  bool compute_step_invariant(const Expression& expression);
  Result<Matrix> negated(const Expression& inner, const Grid& grid);
  TimeShift resolved(const TimeShift& shift) const;
  Result<Scalars> scalar_function(const Call& call, const Grid& grid);
  Result<Scalars> scalar_binary(const Binary& binary, const Grid& grid);
  Matrix empty(const Grid& grid) { return {budget_, grid.steps}; }
  Result<Matrix> one_series(std::span<const double> values, const Grid& grid);

  // selectors.cpp
  Result<Matrix> selected(const VectorSelector& selector, const Grid& grid);
  Result<Matrix> selected_times(const VectorSelector& selector, const Grid& grid);
  template <class ValueOf>
  Result<Matrix> select_instants(const history::Selection& selection, const WindowPlan& plan,
                                 ValueOf value_of);
  Result<void> each_window_series(const Expression& argument, const WindowPlan& plan,
                                  const VisitWindowSeries& visit);
  Result<void> each_subquery_series(const Subquery& subquery, const WindowPlan& plan,
                                    const VisitWindowSeries& visit);
  using VisitTierSeries = std::function<Result<void>(const WindowSeries&, std::span<const history::Bucket>)>;
  // The width of the tier that can answer for the windows of a selector; 0 where none can.
  std::int64_t tier_of(const Expression& argument, const WindowPlan& plan) const;
  Result<void> each_tier_series(const Expression& argument, const WindowPlan& plan,
                                const VisitTierSeries& visit);
  WindowPlan plan_of(const Expression& argument, const Grid& grid) const;
  Result<void> check_matchers(const VectorSelector& selector) const;

  // range_functions.cpp
  Result<Matrix> over_windows(const Call& call, const Grid& grid);
  Result<Matrix> absent_over_time(const Call& call, const Grid& grid);
  Result<void> evaluate_others(const Call& call, const Grid& grid, std::vector<Scalars>& scalars,
                               std::vector<std::string>& texts);
  static FillRow extra_window_function(const ExtraFunction& extra, const WindowPlan& plan,
                                       std::span<const Scalars> scalars, std::span<const std::string> texts);
  void warn_of_quantiles(std::span<const double> quantiles, const Expression& where);

  // functions.cpp
  Result<Matrix> function(const Expression& expression, const Call& call, const Grid& grid);
  Result<Matrix> pointwise(const Call& call, const Grid& grid,
                           const std::function<void(std::span<double>)>& apply);
  Result<Matrix> clamped(const Call& call, const Grid& grid);
  Result<Matrix> rounded(const Call& call, const Grid& grid);
  Result<Matrix> dated(const Call& call, const Grid& grid);
  Result<Matrix> timestamps(const Call& call, const Grid& grid);
  Result<Matrix> absent_vector(const Call& call, const Grid& grid);
  Result<Matrix> extra_pointwise(const ExtraFunction& extra, const Call& call, const Grid& grid);
  const ExtraFunction* extra_function(std::string_view name) const;

  // label_functions.cpp
  Result<Matrix> label_replace(const Call& call, const Grid& grid);
  Result<Matrix> label_join(const Call& call, const Grid& grid);
  Result<Matrix> sorted(const Expression& expression, const Call& call, const Grid& grid);

  // classic_histogram.cpp
  Result<Matrix> histogram_quantile(const Call& call, const Grid& grid);
  Result<Matrix> histogram_quantiles(const Call& call, const Grid& grid);
  Result<Matrix> histogram_fraction(const Call& call, const Grid& grid);

  // aggregate.cpp, aggregate_k.cpp
  Result<Matrix> aggregate(const Aggregate& aggregate, const Grid& grid);
  Result<Matrix> count_values(const Aggregate& aggregate, const Grid& grid);
  Result<Matrix> reduce(const Aggregate& aggregate, Matrix& input, std::span<const double> parameter);
  void warn_of_extremes(std::span<const double> quantiles, const Expression& parameter);
  Result<Matrix> choose(const Aggregate& aggregate, Matrix input, const Scalars& parameter);

  // binary.cpp, set_operators.cpp
  Result<Matrix> binary(const Binary& binary, const Grid& grid);
  Result<Matrix> vector_with_scalar(const Binary& binary, const Grid& grid, bool vector_is_left);
  Result<Matrix> vector_with_vector(const Binary& binary, const Grid& grid);
  Result<Matrix> set_operation(const Binary& binary, Matrix left, Matrix right);

  const EngineOptions& options_;
  std::span<const ExtraFunction> extra_;
  const history::SeriesSource& source_;
  Budget budget_;
  Grid query_;                 // what start(), end(), step() and range() speak of
  std::int64_t query_end_ms_;  // as asked, which may lie after the last step
  Annotations annotations_;
  Repeats repeats_;
  std::size_t depth_ = 0;
  std::unordered_map<const Expression*, bool> step_invariant_;
};

// The expression without the parentheses around it.
const Expression& bare(const Expression& expression);
// A string argument, which the parser makes sure is a literal.
const std::string& text_of(const Expression& expression);
// The labels that absent() knows from the equality matchers of its argument.
LabelSet labels_of_absent(const Expression& argument);

}  // namespace ullage::query
