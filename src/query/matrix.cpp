// SPDX-License-Identifier: Apache-2.0
#include "query/matrix.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"

namespace ullage::query {

namespace {

std::size_t first_value(std::span<const double> row) {
  std::size_t step = 0;
  while (step < row.size() && is_absent(row[step])) ++step;
  return step;
}

}  // namespace

bool has_value(std::span<const double> row) { return first_value(row) < row.size(); }

Result<std::span<double>> Matrix::add(MatrixSeries series) {
  const std::size_t end = values_.size() + steps_;
  if (end > values_.capacity()) {
    const std::size_t wanted = std::max(end, values_.capacity() * 2);
    if (!held_.add((wanted - values_.capacity()) * sizeof(double))) return held_.budget().out_of_bytes();
    values_.reserve(wanted);
  }
  if (!held_.add(sizeof(MatrixSeries) + series.labels.bytes().size())) return held_.budget().out_of_bytes();
  values_.resize(end, kAbsent);
  series_.push_back(std::move(series));
  return row(series_.size() - 1);
}

void Matrix::drop_last() {
  series_.pop_back();
  values_.resize(values_.size() - steps_);
}

void Matrix::drop_empty_rows() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < series_.size(); ++i) {
    if (!has_value(row(i))) continue;
    if (kept != i) {
      series_[kept] = std::move(series_[i]);
      std::ranges::copy(row(i), row(kept).begin());
    }
    ++kept;
  }
  series_.resize(kept);
  values_.resize(kept * steps_);
}

bool Matrix::has_value_at(std::size_t step) const {
  for (std::size_t i = 0; i < size(); ++i)
    if (!is_absent(row(i)[step])) return true;
  return false;
}

void Matrix::reorder(std::span<const std::size_t> order) {
  std::vector<MatrixSeries> series;
  std::vector<double> values;
  series.reserve(order.size());
  values.reserve(order.size() * steps_);
  for (const std::size_t index : order) {
    series.push_back(std::move(series_[index]));
    const auto old = row(index);
    values.insert(values.end(), old.begin(), old.end());
  }
  series_ = std::move(series);
  values_ = std::move(values);
}

Result<Matrix> Matrix::broadcast(std::size_t steps) const {
  Matrix wide(held_.budget(), steps);
  for (std::size_t i = 0; i < series_.size(); ++i) {
    auto added = wide.add(series_[i]);
    if (!added) return pass_on(added);
    std::ranges::fill(*added, row(i)[0]);
  }
  return wide;
}

Result<Matrix> Matrix::copy() const {
  Matrix other(held_.budget(), steps_);
  for (std::size_t i = 0; i < series_.size(); ++i) {
    auto added = other.add(series_[i]);
    if (!added) return pass_on(added);
    std::ranges::copy(row(i), added->begin());
  }
  return other;
}

Result<void> Matrix::merge_same_labels(NameOf name_of) {
  if (series_.size() < 2) return {};
  std::unordered_map<std::string_view, std::size_t> first;
  first.reserve(series_.size());
  std::vector<std::size_t> kept;
  kept.reserve(series_.size());
  for (std::size_t i = 0; i < series_.size(); ++i) {
    const auto [found, is_new] = first.try_emplace(series_[i].labels.bytes(), i);
    if (is_new) {
      kept.push_back(i);
      continue;
    }
    const auto into = row(found->second), from = row(i);
    if (name_of == NameOf::first_value && first_value(from) < first_value(into))
      series_[found->second].drops_name = series_[i].drops_name;
    for (std::size_t step = 0; step < steps_; ++step) {
      if (is_absent(from[step])) continue;
      if (!is_absent(into[step])) return fail("vector cannot contain metrics with the same labelset");
      into[step] = from[step];
    }
  }
  if (kept.size() < series_.size()) reorder(kept);
  return {};
}

}  // namespace ullage::query
