// SPDX-License-Identifier: Apache-2.0
#include "query/function_table.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "query/ast.h"
#include "query/function.h"

namespace ullage::query {

namespace {

constexpr ValueType kScalar = ValueType::scalar;
constexpr ValueType kVector = ValueType::vector;
constexpr ValueType kMatrix = ValueType::matrix;
constexpr ValueType kString = ValueType::string;

// Of one vector, to a vector.
constexpr auto kOfVector = std::to_array<std::string_view>(
    {"abs", "absent", "acos", "acosh", "asin",      "asinh", "atan",  "atanh", "ceil",
     "cos", "cosh",   "deg",  "exp",   "floor",     "ln",    "log10", "log2",  "rad",
     "sgn", "sin",    "sinh", "sort",  "sort_desc", "sqrt",  "tan",   "tanh",  "timestamp"});
// Of a range, to a vector.
constexpr auto kOfRange = std::to_array<std::string_view>({"absent_over_time",
                                                           "avg_over_time",
                                                           "changes",
                                                           "count_over_time",
                                                           "delta",
                                                           "deriv",
                                                           "first_over_time",
                                                           "idelta",
                                                           "increase",
                                                           "irate",
                                                           "last_over_time",
                                                           "mad_over_time",
                                                           "max_over_time",
                                                           "min_over_time",
                                                           "present_over_time",
                                                           "rate",
                                                           "resets",
                                                           "stddev_over_time",
                                                           "stdvar_over_time",
                                                           "sum_over_time",
                                                           "ts_of_first_over_time",
                                                           "ts_of_last_over_time",
                                                           "ts_of_max_over_time",
                                                           "ts_of_min_over_time"});
// Of the evaluation time, or of a vector of times.
constexpr auto kOfTime = std::to_array<std::string_view>(
    {"day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year"});
constexpr auto kOfNothing = std::to_array<std::string_view>({"end", "pi", "range", "start", "step", "time"});

std::vector<Function> all_built_in() {
  std::vector<Function> all = {
      {"clamp", {kVector, kScalar, kScalar}},
      {"clamp_max", {kVector, kScalar}},
      {"clamp_min", {kVector, kScalar}},
      {"double_exponential_smoothing", {kMatrix, kScalar, kScalar}},
      {"histogram_fraction", {kScalar, kScalar, kVector}},
      {"histogram_quantile", {kScalar, kVector}},
      {"histogram_quantiles", {kVector, kString, kScalar, kScalar}, 9},
      {"label_join", {kVector, kString, kString, kString}, -1},
      {"label_replace", {kVector, kString, kString, kString, kString}},
      {"max_of", {kScalar, kScalar}, 0, kScalar},
      {"min_of", {kScalar, kScalar}, 0, kScalar},
      {"predict_linear", {kMatrix, kScalar}},
      {"quantile_over_time", {kScalar, kMatrix}},
      {"round", {kVector, kScalar}, 1},
      {"scalar", {kVector}, 0, kScalar},
      {"sort_by_label", {kVector, kString}, -1},
      {"sort_by_label_desc", {kVector, kString}, -1},
      {"vector", {kScalar}},
  };
  for (const std::string_view name : kOfVector) all.push_back({name, {kVector}});
  for (const std::string_view name : kOfRange) all.push_back({name, {kMatrix}});
  for (const std::string_view name : kOfTime) all.push_back({name, {kVector}, 1});
  for (const std::string_view name : kOfNothing) all.push_back({name, {}, 0, kScalar});
  std::ranges::sort(all, {}, &Function::name);
  return all;
}

struct Unsupported {
  std::string_view name;
  std::string_view feature;
};
constexpr auto kUnsupported = std::to_array<Unsupported>({
    {"histogram_avg", "native histograms"},
    {"histogram_count", "native histograms"},
    {"histogram_stddev", "native histograms"},
    {"histogram_stdvar", "native histograms"},
    {"histogram_sum", "native histograms"},
    {"info", "the experimental function info()"},
    {"integral", "the experimental function integral()"},
    {"start_timestamp", "the experimental function start_timestamp()"},
});

}  // namespace

FunctionTable::FunctionTable(std::span<const Function> extra) : functions_(extra.begin(), extra.end()) {
  for (const Function& function : built_in_functions())
    if (std::ranges::find(extra, function.name, &Function::name) == extra.end())
      functions_.push_back(function);
  std::ranges::sort(functions_, {}, &Function::name);
}

const Function* FunctionTable::find(std::string_view name) const {
  const auto found = std::ranges::lower_bound(functions_, name, {}, &Function::name);
  return found != functions_.end() && found->name == name ? &*found : nullptr;
}

std::span<const Function> built_in_functions() {
  static const std::vector<Function> functions = all_built_in();
  return functions;
}

std::string_view unsupported_function(std::string_view name) {
  const auto* found = std::ranges::find(kUnsupported, name, &Unsupported::name);
  return found == kUnsupported.end() ? std::string_view() : found->feature;
}

}  // namespace ullage::query
