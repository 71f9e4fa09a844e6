// SPDX-License-Identifier: Apache-2.0
// Summation with Neumaier's compensation, step for step as Prometheus does it, so that results agree to the
// last bit.
#pragma once

#include <cmath>

namespace ullage::query {

struct KahanSum {
  double sum = 0, compensation = 0;

  void add(double value) {
    const double total = sum + value;
    if (std::isinf(total))
      compensation = 0;
    else if (std::fabs(sum) >= std::fabs(value))
      compensation += (sum - total) + value;
    else
      compensation += (value - total) + sum;
    sum = total;
  }
};

// The mean of values that come one by one; turns to an incremental mean where the sum would overflow.
class KahanMean {
 public:
  void add(double value) {
    ++count_;
    if (count_ == 1) {
      state_.sum = value;
      return;
    }
    if (!is_incremental_) {
      KahanSum next = state_;
      next.add(value);
      if (!std::isinf(next.sum)) {
        state_ = next;
        return;
      }
      is_incremental_ = true;
      state_.sum /= count_ - 1;
      state_.compensation /= count_ - 1;
    }
    const double kept = (count_ - 1) / count_;
    state_.sum *= kept;
    state_.compensation *= kept;
    state_.add(value / count_);
  }
  double count() const { return count_; }
  double mean() const {
    if (is_incremental_) return state_.sum + state_.compensation;
    return state_.sum / count_ + state_.compensation / count_;
  }

 private:
  KahanSum state_;
  double count_ = 0;
  bool is_incremental_ = false;
};

}  // namespace ullage::query
