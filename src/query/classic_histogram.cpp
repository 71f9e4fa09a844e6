// SPDX-License-Identifier: Apache-2.0
// Functions of classic histograms. Which series are the buckets of one histogram, and their order, is found
// once from the labels; each step then takes the counts it has.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "query/annotations.h"
#include "query/ast.h"
#include "query/buckets.h"
#include "query/evaluator.h"
#include "query/label_set.h"
#include "query/matrix.h"
#include "query/quoting.h"

namespace ullage::query {

namespace {

std::optional<double> bound_of(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  const auto bound = to_double(text);
  return bound && !std::isnan(*bound) ? bound : std::nullopt;
}

struct Histogram {
  LabelSet labels;  // without le
  struct Bucket {
    double bound = 0;
    std::size_t row = 0;
    auto operator<=>(const Bucket&) const = default;
  };
  std::vector<Bucket> buckets;  // by bound

  // The counts of one step into `counts`.
  std::span<BucketCount> at(const Matrix& matrix, std::size_t step, std::vector<BucketCount>& counts) const {
    counts.clear();
    for (const Bucket& bucket : buckets)
      if (const double count = matrix.row(bucket.row)[step]; !is_absent(count))
        counts.push_back({bucket.bound, count});
    return counts;
  }
};

std::vector<Histogram> histograms_of(const Matrix& matrix, Span where, Annotations& annotations) {
  const std::vector<std::string> bucket_label = {std::string(kBucketLabel)};
  std::vector<Histogram> histograms;
  std::unordered_map<std::string, std::size_t> index;
  std::string key;
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const LabelSet& labels = matrix.series()[i].labels;
    const std::string_view text = labels.value(kBucketLabel);
    const auto bound = bound_of(text);
    if (!bound) {
      annotations.warn(
          with_metric_name(
              fmt::format("bucket label \"le\" is missing or has a malformed value of {}", quote(text)),
              labels.name()),
          where);
      continue;
    }
    key.clear();
    labels.append_without(bucket_label, key);
    const auto [found, is_new] = index.try_emplace(key, histograms.size());
    if (is_new) histograms.push_back({labels.without(bucket_label), {}});
    histograms[found->second].buckets.push_back({*bound, i});
  }
  for (Histogram& histogram : histograms) std::ranges::sort(histogram.buckets);
  return histograms;
}

// As OpenMetrics writes a float: with a point or an exponent.
std::string open_metrics_number(double value) {
  std::string text = go_number(value);
  if (std::isfinite(value) && text.find_first_of("e.") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

Result<Matrix> Evaluator::histogram_quantile(const Call& call, const Grid& grid) {
  auto quantiles = scalar(*call.arguments[0], grid);
  if (!quantiles) return pass_on(quantiles);
  warn_of_quantiles(*quantiles, *call.arguments[0]);
  auto matrix = vector(*call.arguments[1], grid);
  if (!matrix) return matrix;
  const Span where = bare(*call.arguments[1]).span;
  Matrix result = empty(grid);
  std::vector<BucketCount> counts;
  for (Histogram& histogram : histograms_of(*matrix, where, annotations_)) {
    auto row = result.add({std::move(histogram.labels), true});
    if (!row) return pass_on(row);
    for (std::size_t step = 0; step < grid.steps; ++step) {
      const auto buckets = histogram.at(*matrix, step, counts);
      if (buckets.empty()) continue;
      std::optional<MonotonicityFix> fix;
      (*row)[step] = bucket_quantile((*quantiles)[step], buckets, fix);
      if (fix)
        annotations_.forced_monotonicity(result.series().back().labels.name(), where, grid.at(step), *fix);
    }
  }
  return result;
}

Result<Matrix> Evaluator::histogram_quantiles(const Call& call, const Grid& grid) {
  const std::string& label = text_of(*call.arguments[1]);
  auto matrix = vector(*call.arguments[0], grid);
  if (!matrix) return matrix;
  std::vector<Scalars> quantiles;
  for (std::size_t i = 2; i < call.arguments.size(); ++i) {
    auto values = scalar(*call.arguments[i], grid);
    if (!values) return pass_on(values);
    warn_of_quantiles(*values, *call.arguments[i]);
    quantiles.push_back(std::move(*values));
  }
  const Span where = bare(*call.arguments[0]).span;
  Matrix result = empty(grid);
  std::vector<BucketCount> counts;
  const std::vector<Histogram> histograms = histograms_of(*matrix, where, annotations_);
  for (const Scalars& values : quantiles)
    for (const Histogram& histogram : histograms) {
      std::unordered_map<std::uint64_t, std::size_t> rows;  // by quantile, which may vary from step to step
      for (std::size_t step = 0; step < grid.steps; ++step) {
        const auto buckets = histogram.at(*matrix, step, counts);
        if (buckets.empty()) continue;
        const auto [found, is_new] =
            rows.try_emplace(std::bit_cast<std::uint64_t>(values[step]), result.size());
        if (is_new)
          if (auto row = result.add({histogram.labels.with(label, open_metrics_number(values[step])), true});
              !row)
            return pass_on(row);
        std::optional<MonotonicityFix> fix;
        result.row(found->second)[step] = bucket_quantile(values[step], buckets, fix);
        if (fix) annotations_.forced_monotonicity(histogram.labels.name(), where, grid.at(step), *fix);
      }
    }
  if (grid.steps > 1)
    if (auto merged = result.merge_same_labels(); !merged) return pass_on(merged);
  return result;
}

Result<Matrix> Evaluator::histogram_fraction(const Call& call, const Grid& grid) {
  auto lower = scalar(*call.arguments[0], grid);
  if (!lower) return pass_on(lower);
  auto upper = scalar(*call.arguments[1], grid);
  if (!upper) return pass_on(upper);
  auto matrix = vector(*call.arguments[2], grid);
  if (!matrix) return matrix;
  Matrix result = empty(grid);
  std::vector<BucketCount> counts;
  for (Histogram& histogram : histograms_of(*matrix, bare(*call.arguments[2]).span, annotations_)) {
    auto row = result.add({std::move(histogram.labels), true});
    if (!row) return pass_on(row);
    for (std::size_t step = 0; step < grid.steps; ++step)
      if (const auto buckets = histogram.at(*matrix, step, counts); !buckets.empty())
        (*row)[step] = bucket_fraction((*lower)[step], (*upper)[step], buckets);
  }
  return result;
}

}  // namespace ullage::query
