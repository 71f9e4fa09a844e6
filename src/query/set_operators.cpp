// SPDX-License-Identifier: Apache-2.0
// and, or, unless: whether a series of a match group has a value on the other side, step by step.
#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "query/ast.h"
#include "query/evaluator.h"
#include "query/match_groups.h"
#include "query/matrix.h"

namespace ullage::query {

namespace {

// For each group, the steps at which one of its series has a value.
class GroupPresence {
 public:
  GroupPresence(std::size_t groups, std::size_t steps) : steps_(steps), has_(groups * steps) {}
  void add(std::size_t group, std::span<const double> row) {
    for (std::size_t step = 0; step < steps_; ++step)
      if (!is_absent(row[step])) has_[group * steps_ + step] = 1;
  }
  bool has(std::size_t group, std::size_t step) const { return has_[group * steps_ + step] != 0; }

 private:
  std::size_t steps_;
  std::vector<char> has_;
};

}  // namespace

Result<Matrix> Evaluator::set_operation(const Binary& binary, Matrix left, Matrix right) {
  const MatchGroups groups(left, right, *binary.matching);
  const std::size_t steps = left.steps();
  GroupPresence other(groups.size(), steps);
  const bool is_or = binary.operation == Operator::or_;
  if (is_or) {
    for (std::size_t i = 0; i < left.size(); ++i) other.add(groups.group_of_left(i), left.row(i));
    for (std::size_t i = 0; i < right.size(); ++i) {
      const auto row = right.row(i);
      for (std::size_t step = 0; step < steps; ++step)
        if (other.has(groups.group_of_right(i), step)) row[step] = kAbsent;
      if (!has_value(row)) continue;
      auto added = left.add(std::move(right.series()[i]));
      if (!added) return pass_on(added);
      std::ranges::copy(row, added->begin());
    }
    // A series may come from either side at different steps.
    if (steps > 1)
      if (auto merged = left.merge_same_labels(Matrix::NameOf::first_value); !merged) return pass_on(merged);
    return left;
  }
  for (std::size_t i = 0; i < right.size(); ++i) other.add(groups.group_of_right(i), right.row(i));
  const bool wanted = binary.operation == Operator::and_;
  for (std::size_t i = 0; i < left.size(); ++i) {
    const auto row = left.row(i);
    for (std::size_t step = 0; step < steps; ++step)
      if (other.has(groups.group_of_left(i), step) != wanted) row[step] = kAbsent;
  }
  left.drop_empty_rows();
  return left;
}

}  // namespace ullage::query
