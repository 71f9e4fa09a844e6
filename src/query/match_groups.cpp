// SPDX-License-Identifier: Apache-2.0
#include "query/match_groups.h"

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "query/ast.h"
#include "query/label_set.h"
#include "query/matrix.h"

namespace ullage::query {

MatchGroups::MatchGroups(const Matrix& left, const Matrix& right, const VectorMatching& matching) {
  const std::vector<std::string> names = sorted_names(matching.labels, !matching.is_on);
  std::unordered_map<std::string, std::size_t> groups;
  groups.reserve(left.size() + right.size());
  std::string key;
  const auto assign = [&](const Matrix& matrix, std::vector<std::size_t>& group_of) {
    group_of.reserve(matrix.size());
    for (const MatrixSeries& series : matrix.series()) {
      key.clear();
      if (matching.is_on)
        series.labels.append_only(names, key);
      else
        series.labels.append_without(names, key);
      group_of.push_back(groups.try_emplace(key, groups.size()).first->second);
    }
  };
  assign(left, left_);
  assign(right, right_);
  left_members_.resize(groups.size());
  right_members_.resize(groups.size());
  for (std::size_t i = 0; i < left_.size(); ++i) left_members_[left_[i]].push_back(i);
  for (std::size_t i = 0; i < right_.size(); ++i) right_members_[right_[i]].push_back(i);
}

std::vector<bool> steps_with_values(const Matrix& matrix) {
  std::vector<bool> has(matrix.steps());
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    const auto row = matrix.row(i);
    for (std::size_t step = 0; step < row.size(); ++step)
      if (!is_absent(row[step])) has[step] = true;
  }
  return has;
}

}  // namespace ullage::query
