// SPDX-License-Identifier: Apache-2.0
// Operators between vectors and scalars. Which series meet which is worked out once, from the labels; whether
// a match is forbidden is a question of each step, since a series may be absent there.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "query/arithmetic.h"
#include "query/ast.h"
#include "query/budget.h"
#include "query/evaluator.h"
#include "query/label_set.h"
#include "query/match_groups.h"
#include "query/matrix.h"

namespace ullage::query {

namespace {

// What a comparison leaves of a value: itself where it holds, or 0 and 1 with bool.
template <class Operation>
double outcome(Operation operation, double left, double right, double kept, bool is_bool) {
  if constexpr (std::is_same_v<decltype(operation(left, right)), bool>) {
    const bool holds = operation(left, right);
    if (is_bool) return holds ? 1 : 0;
    return holds ? kept : kAbsent;
  } else {
    return operation(left, right);
  }
}

LabelSet result_labels(const LabelSet& many, const LabelSet& one, Operator operation,
                       const VectorMatching& matching, std::span<const std::string> names) {
  LabelSet labels = is_comparison(operation) ? many : many.without_metadata();
  if (matching.cardinality == VectorMatching::Cardinality::one_to_one)
    labels = matching.is_on ? labels.only(names) : labels.without(names);
  for (const std::string& included : matching.include) labels = labels.with(included, one.value(included));
  return labels;
}

// The vectors of a one-to-one, many-to-one or one-to-many match, turned so that the right one is the "one".
struct Sides {
  Matrix many, one;
  bool is_swapped = false;
};

class Matcher {
 public:
  Matcher(const Binary& binary, Sides sides)
      : binary_(binary),
        matching_(*binary.matching),
        sides_(std::move(sides)),
        names_(sorted_names(matching_.labels, false)),
        groups_(sides_.many, sides_.one, matching_) {}

  Result<Matrix> run(Budget& budget);

 private:
  struct Row {  // a series of the many side, what it matches, and where the result goes
    std::size_t many = 0, one = 0, result = 0;
  };

  // The first step at which a match is forbidden, and why.
  struct Forbidden {
    std::size_t step = 0;
    Error error;
  };
  std::optional<Forbidden> two_of_one_side() const;
  std::optional<Forbidden> two_of_one_result(std::span<const Row> rows) const;
  Error duplicate(std::size_t a, std::size_t b) const;
  void fill(const Row& row, std::span<double> result);
  bool is_one_to_one() const { return matching_.cardinality == VectorMatching::Cardinality::one_to_one; }

  const Binary& binary_;
  const VectorMatching& matching_;
  Sides sides_;
  std::vector<std::string> names_;
  MatchGroups groups_;
};

Error Matcher::duplicate(std::size_t a, std::size_t b) const {
  const LabelSet& labels = sides_.one.series()[a].labels;
  std::string first = labels.braced_text(), second = sides_.one.series()[b].labels.braced_text();
  if (second < first) std::swap(first, second);
  const LabelSet group =
      matching_.is_on ? labels.only(names_) : labels.without(sorted_names(matching_.labels, true));
  return {
      fmt::format("found duplicate series for the match group {} on the {} hand-side of the operation: "
                  "[{}, {}];many-to-many matching not allowed: matching labels must be unique on one side",
                  group.braced_text(), sides_.is_swapped ? "left" : "right", first, second)};
}

// Two series of one group on the side that must have one, where both have a value and the other side has any.
std::optional<Matcher::Forbidden> Matcher::two_of_one_side() const {
  std::optional<Forbidden> earliest;
  std::vector<bool> is_many_there;
  for (std::size_t group = 0; group < groups_.size(); ++group) {
    const auto members = groups_.of_right(group);
    if (members.size() < 2) continue;
    if (is_many_there.empty()) is_many_there = steps_with_values(sides_.many);
    const std::size_t steps = earliest ? earliest->step : sides_.one.steps();
    for (std::size_t step = 0; step < steps; ++step) {
      if (!is_many_there[step]) continue;
      const auto is_there = [&](std::size_t member) { return !is_absent(sides_.one.row(member)[step]); };
      const auto first = std::ranges::find_if(members, is_there);
      if (first == members.end()) continue;
      const auto second = std::ranges::find_if(first + 1, members.end(), is_there);
      if (second == members.end()) continue;
      earliest = {step, duplicate(*first, *second)};
      break;
    }
  }
  return earliest;
}

// Two matches that would give one series at one step: any two of a group, or of a group and a result where
// the many side may have several.
std::optional<Matcher::Forbidden> Matcher::two_of_one_result(std::span<const Row> rows) const {
  const auto key_of = [&](const Row& row) {
    const std::uint64_t group = groups_.group_of_left(row.many);
    return is_one_to_one() ? group : (group << 32 | row.result);
  };
  std::unordered_map<std::uint64_t, std::vector<const Row*>> rivals;
  for (const Row& row : rows) rivals[key_of(row)].push_back(&row);
  std::optional<Forbidden> earliest;
  std::vector<bool> taken;
  for (const auto& [key, same] : rivals) {
    if (same.size() < 2) continue;
    taken.assign(earliest ? earliest->step : sides_.many.steps(), false);
    for (const Row* row : same) {
      const auto many = sides_.many.row(row->many), one = sides_.one.row(row->one);
      for (std::size_t step = 0; step < taken.size(); ++step) {
        if (is_absent(many[step]) || is_absent(one[step])) continue;
        if (taken[step]) {
          earliest = {
              step,
              {is_one_to_one() ? "multiple matches for labels: many-to-one matching must be explicit "
                                 "(group_left/group_right)"
                               : "multiple matches for labels: grouping labels must ensure unique matches"}};
          taken.resize(step);
          break;
        }
        taken[step] = true;
      }
    }
  }
  return earliest;
}

void Matcher::fill(const Row& row, std::span<double> result) {
  const auto many = sides_.many.row(row.many), one = sides_.one.row(row.one);
  const auto left = sides_.is_swapped ? one : many, right = sides_.is_swapped ? many : one;
  with_operation(binary_.operation, [&](auto operation) {
    for (std::size_t step = 0; step < result.size(); ++step)
      if (!is_absent(left[step]) && !is_absent(right[step]))
        result[step] = outcome(operation, left[step], right[step], left[step], binary_.is_bool);
    return 0;
  });
}

Result<Matrix> Matcher::run(Budget& budget) {
  Matrix result(budget, sides_.many.steps());
  std::vector<Row> rows;
  std::unordered_map<std::string, std::size_t> result_of;
  for (std::size_t i = 0; i < sides_.many.size(); ++i)
    for (const std::size_t one : groups_.of_right(groups_.group_of_left(i))) {
      LabelSet labels = result_labels(sides_.many.series()[i].labels, sides_.one.series()[one].labels,
                                      binary_.operation, matching_, names_);
      const auto [found, is_new] = result_of.try_emplace(labels.bytes(), result.size());
      rows.push_back({i, one, found->second});
      if (!is_new) continue;
      if (auto row = result.add({std::move(labels), binary_.is_bool}); !row) return pass_on(row);
    }
  const auto two_of_one = two_of_one_side(), two_of_result = two_of_one_result(rows);
  if (two_of_one && (!two_of_result || two_of_one->step <= two_of_result->step))
    return fail(two_of_one->error);
  if (two_of_result) return fail(two_of_result->error);
  // Rows of different groups may have the same labels: then not at the same step.
  std::vector<bool> is_filled(result.size());
  std::vector<double> other(result.steps());
  for (const Row& row : rows) {
    const auto into = result.row(row.result);
    if (!is_filled[row.result]) {
      fill(row, into);
      is_filled[row.result] = true;
      continue;
    }
    std::ranges::fill(other, kAbsent);
    fill(row, other);
    for (std::size_t step = 0; step < other.size(); ++step) {
      if (is_absent(other[step])) continue;
      if (!is_absent(into[step])) return fail("vector cannot contain metrics with the same labelset");
      into[step] = other[step];
    }
  }
  result.drop_empty_rows();
  return result;
}

}  // namespace

Result<Matrix> Evaluator::binary(const Binary& binary, const Grid& grid) {
  const bool left_is_scalar = binary.left->type == ValueType::scalar;
  if (left_is_scalar || binary.right->type == ValueType::scalar)
    return vector_with_scalar(binary, grid, !left_is_scalar);
  return vector_with_vector(binary, grid);
}

Result<Matrix> Evaluator::vector_with_scalar(const Binary& binary, const Grid& grid, bool vector_is_left) {
  // In the order written, which is that of what they say and of their errors.
  Result<Matrix> matrix = empty(grid);
  if (vector_is_left) matrix = vector(*binary.left, grid);
  if (!matrix) return matrix;
  auto values = scalar(vector_is_left ? *binary.right : *binary.left, grid);
  if (!values) return pass_on(values);
  if (!vector_is_left) matrix = vector(*binary.right, grid);
  if (!matrix) return matrix;
  with_operation(binary.operation, [&](auto operation) {
    for (std::size_t i = 0; i < matrix->size(); ++i) {
      const auto row = matrix->row(i);
      for (std::size_t step = 0; step < row.size(); ++step) {
        const double value = row[step], other = (*values)[step];
        if (is_absent(value)) continue;
        row[step] = vector_is_left ? outcome(operation, value, other, value, binary.is_bool)
                                   : outcome(operation, other, value, value, binary.is_bool);
      }
    }
    return 0;
  });
  const bool is_filter = is_comparison(binary.operation) && !binary.is_bool;
  if (is_filter)
    matrix->drop_empty_rows();
  else
    for (MatrixSeries& series : matrix->series()) series.drops_name = true;
  return matrix;
}

Result<Matrix> Evaluator::vector_with_vector(const Binary& binary, const Grid& grid) {
  auto left = vector(*binary.left, grid);
  if (!left) return left;
  auto right = vector(*binary.right, grid);
  if (!right) return right;
  if (is_set_operator(binary.operation)) return set_operation(binary, std::move(*left), std::move(*right));
  const bool is_swapped = binary.matching->cardinality == VectorMatching::Cardinality::one_to_many;
  if (is_swapped) std::swap(*left, *right);
  return Matcher(binary, {std::move(*left), std::move(*right), is_swapped}).run(budget_);
}

}  // namespace ullage::query
