// SPDX-License-Identifier: Apache-2.0
// Arithmetic on the buckets of a classic histogram: cumulative counts at upper bounds.
#pragma once

#include <optional>
#include <span>

#include "query/annotations.h"

namespace ullage::query {

struct BucketCount {
  double bound = 0;
  double count = 0;
};

// The quantile by linear interpolation within its bucket. The buckets come by ascending bound and are put
// right on the way: equal bounds are added up, counts that fall are raised. What had to be raised by more
// than rounding explains is told in `fix`.
double bucket_quantile(double quantile, std::span<BucketCount> buckets, std::optional<MonotonicityFix>& fix);

// The share of observations between two values.
double bucket_fraction(double lower, double upper, std::span<BucketCount> buckets);

// Equal but for rounding, as Prometheus judges it: by the difference over the sum.
bool is_almost_equal(double a, double b, double tolerance);

}  // namespace ullage::query
