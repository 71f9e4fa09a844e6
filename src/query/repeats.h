// SPDX-License-Identifier: Apache-2.0
// Parts of a query that are written more than once, as rate(x[5m]) in rate(x[5m]) / sum(rate(x[5m])): the
// first is evaluated, and its value kept for the others. What a part said beside its value is said again at
// each place.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "query/annotations.h"
#include "query/ast.h"
#include "query/matrix.h"

namespace ullage::query {

class Repeats {
 public:
  // Looks for them in a whole query.
  void find(const Expression& query);
  bool is_one(const Expression& part) const { return id_of_.contains(&part); }

  // The value of an equal part, if one was kept for this grid.
  std::optional<Result<Matrix>> take(const Expression& part, const Grid& grid, Annotations& annotations);
  // To be told of the value of a part when it was evaluated. Where there is no room for a copy, none is kept.
  void keep(const Expression& part, const Grid& grid, const Matrix& matrix, const Annotations& said);

 private:
  struct Kept {
    Grid grid;
    Matrix matrix;
    Annotations said;
    std::size_t begin = 0;  // of the part that was evaluated
  };
  void mark(const Expression& part);

  std::unordered_map<std::string, std::size_t> ids_;
  std::unordered_map<std::string, std::size_t> counts_;
  std::unordered_map<const Expression*, std::string> texts_;
  std::unordered_map<const Expression*, std::size_t> id_of_;
  std::vector<std::size_t> left_;  // parts of each kind that were not asked for yet
  std::unordered_map<std::size_t, Kept> kept_;
};

}  // namespace ullage::query
