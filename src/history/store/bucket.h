// SPDX-License-Identifier: Apache-2.0
// Samples as buckets: what a tier keeps, and the arithmetic of it. Min and max leave NaN aside unless there
// is nothing else, as PromQL's max_over_time does; the sum is compensated (Neumaier, "Rundungsfehleranalyse
// einiger Verfahren zur Summation endlicher Summen", 1974), so that sums of sums are as true as sums.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "history/series_source.h"

namespace ullage::history {

class Accumulator {
 public:
  void add(double value) {
    if (count_ == 0 || !(value >= min_)) take_min(value);
    if (count_ == 0 || !(value <= max_)) take_max(value);
    add_to_sum(value);
    last_ = value;
    count_ += 1;
  }
  // Of what came after what is here.
  void add(const Bucket& bucket);
  void add(const Accumulator& other) {
    if (!other.is_empty()) add(other.bucket(0));
  }

  bool is_empty() const { return count_ == 0; }
  void clear() { *this = Accumulator(); }
  Bucket bucket(std::int64_t time_ms) const;

 private:
  void take_min(double value) {
    if (count_ == 0 || std::isnan(min_) || value < min_) min_ = value;
  }
  void take_max(double value) {
    if (count_ == 0 || std::isnan(max_) || value > max_) max_ = value;
  }
  void add_to_sum(double value) {
    const double sum = sum_ + value;
    // Infinite: the compensation would be NaN.
    if (std::fabs(sum_) >= std::fabs(value))
      lost_ += std::isinf(sum) ? 0 : (sum_ - sum) + value;
    else
      lost_ += std::isinf(sum) ? 0 : (value - sum) + sum_;
    sum_ = sum;
  }

  double min_ = 0, max_ = 0, sum_ = 0, lost_ = 0, last_ = 0, count_ = 0;
};

// In order of time, as the samples are; markers of staleness are no samples.
std::vector<Bucket> to_buckets(std::span<const Sample> samples, std::int64_t width_ms);
// Buckets of one series from several places, in order of time: those of the same time become one.
void merge_buckets(std::vector<Bucket>& buckets);

}  // namespace ullage::history
