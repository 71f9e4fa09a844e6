// SPDX-License-Identifier: Apache-2.0
// Answers PromQL over any series source, as Prometheus 3 with delayed name removal does. Evaluation is by
// column: each part of the expression gives the values of all steps at once (matrix.h), so that labels are
// looked at once a series and not once a step; functions over ranges run while the source hands out samples
// (windows.h). An engine may be used by several threads; a source by one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "history/series_source.h"
#include "query/ast.h"
#include "query/budget.h"
#include "query/function.h"
#include "query/function_table.h"
#include "query/label_set.h"

namespace ullage::query {

using Sample = history::Sample;

struct EngineOptions {
  std::int64_t lookback_ms = 300'000;
  std::int64_t subquery_step_ms = 60'000;  // of a subquery that names none
  Limits limits = {};
};

// A function of our own. Its first argument is a vector or a range vector; scalars and strings follow. It
// gives the value at one step of one series, kAbsent for none; the series keeps its labels but the name.
struct ExtraFunction {
  struct Arguments {
    std::int64_t time_ms = 0;   // of the step
    std::int64_t range_ms = 0;  // of the window, which ends at window_end_ms
    std::int64_t window_end_ms = 0;
    std::span<const double> scalars;  // in the order written
    std::span<const std::string> texts;
  };
  Function signature;
  // One of the two, by the type of the first argument.
  std::function<double(std::span<const Sample> window, const Arguments&)> over_window = {};
  std::function<double(double value, const Arguments&)> over_value = {};
};

struct Point {
  std::int64_t time_ms = 0;
  double value = 0;
  bool operator==(const Point&) const = default;
};

struct ResultSeries {
  LabelSet labels;
  std::vector<Point> points;  // one in a vector
};

struct QueryResult {
  // A vector is in the order the query gave it (sort, topk); a matrix in the order of labels.
  enum class Kind { scalar, string, vector, matrix };
  Kind kind = Kind::vector;
  Point scalar;
  std::string text;
  std::vector<ResultSeries> series;
  std::vector<std::string> warnings, infos;  // with positions
  std::uint64_t samples_read = 0;
};

class Engine {
 public:
  explicit Engine(EngineOptions options = {}, std::vector<ExtraFunction> extra = {});

  Result<QueryResult> instant(std::string_view query, const history::SeriesSource& source,
                              std::int64_t time_ms, const Stop& stop = {}) const;
  // Steps at start, start + step, … up to end.
  Result<QueryResult> range(std::string_view query, const history::SeriesSource& source,
                            std::int64_t start_ms, std::int64_t end_ms, std::int64_t step_ms,
                            const Stop& stop = {}) const;

  const FunctionTable& functions() const { return *functions_; }

 private:
  EngineOptions options_;
  std::vector<ExtraFunction> extra_;
  std::unique_ptr<FunctionTable> functions_;
};

}  // namespace ullage::query
