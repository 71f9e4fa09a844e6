// SPDX-License-Identifier: Apache-2.0
// Which series of two vectors have the same labels as far as a match looks at them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "query/ast.h"
#include "query/matrix.h"

namespace ullage::query {

class MatchGroups {
 public:
  MatchGroups(const Matrix& left, const Matrix& right, const VectorMatching& matching);

  std::size_t size() const { return right_members_.size(); }
  std::size_t group_of_left(std::size_t series) const { return left_[series]; }
  std::size_t group_of_right(std::size_t series) const { return right_[series]; }
  std::span<const std::size_t> of_right(std::size_t group) const { return right_members_[group]; }
  std::span<const std::size_t> of_left(std::size_t group) const { return left_members_[group]; }

 private:
  std::vector<std::size_t> left_, right_;
  std::vector<std::vector<std::size_t>> left_members_, right_members_;
};

// Steps at which any series of the matrix has a value.
std::vector<bool> steps_with_values(const Matrix& matrix);

}  // namespace ullage::query
