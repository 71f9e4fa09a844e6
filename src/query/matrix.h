// SPDX-License-Identifier: Apache-2.0
// What evaluating a vector gives: series, and for each a dense row of values, one a step. A step at which a
// series has no value holds kAbsent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "query/budget.h"
#include "query/label_set.h"

namespace ullage::query {

using history::is_absent;
using history::kAbsent;

// The moments of an evaluation.
struct Grid {
  std::int64_t start_ms = 0;
  std::int64_t step_ms = 1;
  std::size_t steps = 1;

  bool is_range = false;  // asked for as one: it may have a single step all the same

  std::int64_t at(std::size_t step) const { return start_ms + step_ms * static_cast<std::int64_t>(step); }
  bool operator==(const Grid&) const = default;
};

struct MatrixSeries {
  LabelSet labels;
  bool drops_name = false;  // its metadata labels go at the end of the query
};

class Matrix {
 public:
  Matrix(Budget& budget, std::size_t steps) : held_(budget), steps_(steps) {}

  std::size_t steps() const { return steps_; }
  std::size_t size() const { return series_.size(); }
  std::vector<MatrixSeries>& series() { return series_; }
  const std::vector<MatrixSeries>& series() const { return series_; }
  std::span<double> row(std::size_t index) { return std::span(values_).subspan(index * steps_, steps_); }
  std::span<const double> row(std::size_t index) const {
    return std::span(values_).subspan(index * steps_, steps_);
  }
  std::span<double> values() { return values_; }

  bool has_value_at(std::size_t step) const;  // in any row

  // A new row of absent values at the end; the error is the budget's.
  Result<std::span<double>> add(MatrixSeries series);
  void drop_last();  // the row added last
  // Keeps the rows that have a value, in order.
  void drop_empty_rows();
  // Rows in another order: order[i] is the old index of row i. May leave some out.
  void reorder(std::span<const std::size_t> order);
  // One step spread over many.
  Result<Matrix> broadcast(std::size_t steps) const;
  Result<Matrix> copy() const;

  // Series of equal labels become one; two values at one step are an error. Whether the one drops its name is
  // said by its first series, or by that whose values begin first.
  enum class NameOf { first_series, first_value };
  Result<void> merge_same_labels(NameOf name_of = NameOf::first_series);

 private:
  HeldBytes held_;
  std::size_t steps_;
  std::vector<MatrixSeries> series_;
  std::vector<double> values_;
};

bool has_value(std::span<const double> row);

}  // namespace ullage::query
