// SPDX-License-Identifier: Apache-2.0
#include "query/buckets.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>

#include "query/annotations.h"
#include "query/matrix.h"

namespace ullage::query {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Counts of neighbouring buckets that differ by less are the same count, rounded in other ways.
constexpr double kRounding = 1e-12;

std::span<BucketCount> joined(std::span<BucketCount> buckets) {
  std::size_t last = 0;
  for (std::size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].bound == buckets[last].bound)
      buckets[last].count += buckets[i].count;
    else
      buckets[++last] = buckets[i];
  }
  return buckets.first(last + 1);
}

std::optional<MonotonicityFix> make_monotonic(std::span<BucketCount> buckets) {
  MonotonicityFix fix{kInfinity, -kInfinity, 0};
  bool is_fixed = false;
  double before = buckets.front().count;
  for (BucketCount& bucket : buckets.subspan(1)) {
    if (bucket.count == before) continue;
    if (is_almost_equal(before, bucket.count, kRounding)) {
      bucket.count = before;
    } else if (bucket.count < before) {
      fix.bucket_min = std::min(fix.bucket_min, bucket.bound);
      fix.bucket_max = std::max(fix.bucket_max, bucket.bound);
      fix.difference_max = std::max(fix.difference_max, before - bucket.count);
      is_fixed = true;
      bucket.count = before;
    } else {
      before = bucket.count;
    }
  }
  return is_fixed ? std::optional(fix) : std::nullopt;
}

}  // namespace

bool is_almost_equal(double a, double b, double tolerance) {
  constexpr double kLeastNormal = std::numeric_limits<double>::min();
  if (is_absent(a) || is_absent(b)) return is_absent(a) && is_absent(b);
  if ((std::isnan(a) && std::isnan(b)) || a == b) return true;
  const double sum = std::fabs(a) + std::fabs(b), difference = std::fabs(a - b);
  if (a == 0 || b == 0 || sum < kLeastNormal) return difference < tolerance * kLeastNormal;
  return difference / std::min(sum, std::numeric_limits<double>::max()) < tolerance;
}

double bucket_quantile(double quantile, std::span<BucketCount> buckets, std::optional<MonotonicityFix>& fix) {
  if (std::isnan(quantile)) return kNaN;
  if (quantile < 0) return -kInfinity;
  if (quantile > 1) return kInfinity;
  if (buckets.empty() || buckets.back().bound != kInfinity) return kNaN;
  buckets = joined(buckets);
  fix = make_monotonic(buckets);
  if (buckets.size() < 2 || buckets.back().count == 0) return kNaN;
  double rank = quantile * buckets.back().count;
  const auto finite = buckets.first(buckets.size() - 1);
  const auto found =
      std::ranges::partition_point(finite, [&](const BucketCount& b) { return !(b.count >= rank); });
  if (found == finite.end()) return finite.back().bound;
  if (found == finite.begin() && found->bound <= 0) return found->bound;
  double begin = 0, count = found->count;
  if (found != finite.begin()) {
    const BucketCount& before = *(found - 1);
    begin = before.bound;
    count -= before.count;
    rank -= before.count;
  }
  return begin + (found->bound - begin) * (rank / count);
}

double bucket_fraction(double lower, double upper, std::span<BucketCount> buckets) {
  if (buckets.empty() || buckets.back().bound != kInfinity) return kNaN;
  buckets = joined(buckets);
  const double total = buckets.back().count;
  if (total == 0 || std::isnan(lower) || std::isnan(upper)) return kNaN;
  if (lower >= upper) return 0;
  // How many observations lie below a value.
  const auto rank_of = [&](double value) {
    double begin = buckets.front().bound <= 0 ? -kInfinity : 0, rank = 0;
    for (const BucketCount& bucket : buckets) {
      if (begin >= value) return rank;
      if (bucket.bound > value)  // a bucket without a lower end is not cut
        return begin == -kInfinity ? bucket.count
                                   : rank + (bucket.count - rank) * (value - begin) / (bucket.bound - begin);
      rank = bucket.count;
      begin = bucket.bound;
    }
    return total;
  };
  return (std::min(rank_of(upper), total) - std::min(rank_of(lower), total)) / total;
}

}  // namespace ullage::query
