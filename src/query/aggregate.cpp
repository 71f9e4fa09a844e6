// SPDX-License-Identifier: Apache-2.0
// Aggregations that make one series of a group. Groups are made once from the labels; then each group is
// gone through series by series, a cell a step.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "query/aggregate_groups.h"
#include "query/annotations.h"
#include "query/ast.h"
#include "query/evaluator.h"
#include "query/kahan.h"
#include "query/label_set.h"
#include "query/matrix.h"
#include "query/windows.h"

namespace ullage::query {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// What one group gathers at one step: first() its first value, add() the others.
struct SumCell {
  KahanSum state;
  void first(double value) { state = {value, 0}; }
  void add(double value) { state.add(value); }
  double result() const { return state.sum + state.compensation; }
};
struct AverageCell {
  KahanMean mean;
  void first(double value) {
    mean = {};
    mean.add(value);
  }
  void add(double value) { mean.add(value); }
  double result() const { return mean.mean(); }
};
struct CountCell {
  double count = 0;
  void first(double) { count = 1; }
  void add(double) { ++count; }
  double result() const { return count; }
};
struct GroupCell {
  void first(double) {}
  void add(double) {}
  double result() const { return 1; }
};
template <bool is_max>
struct ExtremeCell {
  double value = 0;
  void first(double given) { value = given; }
  void add(double given) {
    if ((is_max ? value < given : value > given) || std::isnan(value)) value = given;
  }
  double result() const { return value; }
};
template <bool is_deviation>
struct VarianceCell {  // Welford's
  double count = 0, mean = 0, squares = 0;
  void first(double value) {
    count = 1;
    mean = value;
    squares = std::isfinite(value) ? 0 : kNaN;
  }
  void add(double value) {
    ++count;
    const double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  double result() const { return is_deviation ? std::sqrt(squares / count) : squares / count; }
};

template <class Cell>
void fold(const Matrix& input, std::span<const std::size_t> members, std::span<double> row) {
  std::vector<Cell> cells(row.size());
  std::vector<char> seen(row.size());
  for (const std::size_t member : members) {
    const auto values = input.row(member);
    for (std::size_t step = 0; step < row.size(); ++step) {
      if (is_absent(values[step])) continue;
      if (seen[step] != 0) {
        cells[step].add(values[step]);
      } else {
        cells[step].first(values[step]);
        seen[step] = 1;
      }
    }
  }
  for (std::size_t step = 0; step < row.size(); ++step)
    if (seen[step] != 0) row[step] = cells[step].result();
}

// Quantiles need all values of a step together: some steps at a time are turned from rows to columns.
void fold_quantile(const Matrix& input, std::span<const std::size_t> members,
                   std::span<const double> quantiles, std::span<double> row) {
  constexpr std::size_t kTile = 32;
  std::vector<double> columns(kTile * members.size());
  for (std::size_t begin = 0; begin < row.size(); begin += kTile) {
    const std::size_t width = std::min(kTile, row.size() - begin);
    std::size_t sizes[kTile] = {};
    for (const std::size_t member : members) {
      const auto values = input.row(member).subspan(begin, width);
      for (std::size_t i = 0; i < width; ++i)
        if (!is_absent(values[i])) columns[i * members.size() + sizes[i]++] = values[i];
    }
    for (std::size_t i = 0; i < width; ++i)
      if (sizes[i] > 0)
        row[begin + i] =
            quantile_of(quantiles[begin + i], std::span(columns).subspan(i * members.size(), sizes[i]));
  }
}

void fold_group(Aggregation operation, const Matrix& input, std::span<const std::size_t> members,
                std::span<const double> parameter, std::span<double> row) {
  switch (operation) {
    case Aggregation::sum:
      return fold<SumCell>(input, members, row);
    case Aggregation::avg:
      return fold<AverageCell>(input, members, row);
    case Aggregation::count:
      return fold<CountCell>(input, members, row);
    case Aggregation::min:
      return fold<ExtremeCell<false>>(input, members, row);
    case Aggregation::max:
      return fold<ExtremeCell<true>>(input, members, row);
    case Aggregation::group:
      return fold<GroupCell>(input, members, row);
    case Aggregation::stddev:
      return fold<VarianceCell<true>>(input, members, row);
    case Aggregation::stdvar:
      return fold<VarianceCell<false>>(input, members, row);
    case Aggregation::quantile:
      return fold_quantile(input, members, parameter, row);
    case Aggregation::topk:
    case Aggregation::bottomk:
    case Aggregation::count_values:
    case Aggregation::limitk:
    case Aggregation::limit_ratio:
      break;
  }
  check(false, "only aggregations to one series are folded");
}

// As of the group's last step: does any series that has a value there drop its name?
bool drops_name(const Matrix& input, std::span<const std::size_t> members, std::span<const double> row) {
  const auto last =
      std::ranges::find_if(row.rbegin(), row.rend(), [](double value) { return !is_absent(value); });
  const auto step = static_cast<std::size_t>(row.rend() - last) - 1;
  return std::ranges::any_of(members, [&](std::size_t member) {
    return input.series()[member].drops_name && !is_absent(input.row(member)[step]);
  });
}

// The shortest decimal without an exponent that reads back as the value.
std::string plain_number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char digits[400];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed);
  return error == std::errc() ? std::string(digits, end) : "";
}

}  // namespace

Result<Matrix> Evaluator::aggregate(const Aggregate& aggregate, const Grid& grid) {
  if (aggregate.operation == Aggregation::count_values) return count_values(aggregate, grid);
  Scalars parameter;
  if (aggregate.parameter) {
    auto values = scalar(*aggregate.parameter, grid);
    if (!values) return pass_on(values);
    parameter = std::move(*values);
  }
  auto input = vector(*aggregate.inner, grid);
  if (!input) return input;
  switch (aggregate.operation) {
    case Aggregation::topk:
    case Aggregation::bottomk:
    case Aggregation::limitk:
    case Aggregation::limit_ratio:
      return choose(aggregate, std::move(*input), parameter);
    case Aggregation::sum:
    case Aggregation::avg:
    case Aggregation::count:
    case Aggregation::min:
    case Aggregation::max:
    case Aggregation::group:
    case Aggregation::stddev:
    case Aggregation::stdvar:
    case Aggregation::quantile:
    case Aggregation::count_values:
      break;
  }
  return reduce(aggregate, *input, parameter);
}

Result<Matrix> Evaluator::reduce(const Aggregate& aggregate, Matrix& input,
                                 std::span<const double> parameter) {
  if (aggregate.operation == Aggregation::quantile) warn_of_extremes(parameter, *aggregate.parameter);
  const AggregateGroups groups(input, aggregate);
  Matrix result(budget_, input.steps());
  for (const std::vector<std::size_t>& members : groups.members()) {
    if (auto alive = budget_.alive(); !alive) return pass_on(alive);
    auto row = result.add({groups.labels(input.series()[members.front()].labels)});
    if (!row) return pass_on(row);
    fold_group(aggregate.operation, input, members, parameter, *row);
    if (has_value(*row))
      result.series().back().drops_name = drops_name(input, members, *row);
    else
      result.drop_last();
  }
  return result;
}

// Of a quantile that varies, the worst are told.
void Evaluator::warn_of_extremes(std::span<const double> quantiles, const Expression& parameter) {
  const auto warn = [&](double quantile) {
    annotations_.warn("quantile value should be between 0 and 1, got " + go_number(quantile),
                      bare(parameter).span);
  };
  if (std::ranges::any_of(quantiles, [](double quantile) { return std::isnan(quantile); })) return warn(kNaN);
  const auto [least, greatest] = std::ranges::minmax(quantiles);
  if (greatest > 1) warn(greatest);
  if (least < 0) warn(least);
}

Result<Matrix> Evaluator::count_values(const Aggregate& aggregate, const Grid& grid) {
  const std::string& label = text_of(*aggregate.parameter);
  if (label.empty()) return fail("invalid label name \"\"");
  auto input = vector(*aggregate.inner, grid);
  if (!input) return input;
  std::vector<std::string> names = aggregate.labels;
  if (!aggregate.is_without) names.push_back(label);
  names = sorted_names(names, aggregate.is_without);

  Matrix result = empty(grid);
  std::unordered_map<std::string, std::size_t> rows;  // by labels
  for (std::size_t i = 0; i < input->size(); ++i) {
    std::unordered_map<std::uint64_t, std::size_t> row_of_value;
    for (std::size_t step = 0; step < grid.steps; ++step) {
      const double value = input->row(i)[step];
      if (is_absent(value)) continue;
      const auto [found, is_new] = row_of_value.try_emplace(std::bit_cast<std::uint64_t>(value), 0);
      if (is_new) {
        const LabelSet full = input->series()[i].labels.with(label, plain_number(value));
        LabelSet labels = aggregate.is_without ? full.without(names) : full.only(names);
        const auto [row, is_new_row] = rows.try_emplace(labels.bytes(), result.size());
        if (is_new_row)
          if (auto added = result.add({std::move(labels)}); !added) return pass_on(added);
        found->second = row->second;
      }
      double& count = result.row(found->second)[step];
      count = is_absent(count) ? 1 : count + 1;
    }
  }
  return result;
}

}  // namespace ullage::query
