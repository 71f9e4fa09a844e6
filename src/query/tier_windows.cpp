// SPDX-License-Identifier: Apache-2.0
#include "query/tier_windows.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>

#include "history/series_source.h"
#include "query/ast.h"
#include "query/evaluator.h"
#include "query/kahan.h"
#include "query/windows.h"

namespace ullage::query {

namespace {

using history::Bucket;
using Buckets = std::span<const Bucket>;

double count_of(Buckets buckets) {
  double count = 0;
  for (const Bucket& bucket : buckets) count += bucket.count;
  return count;
}

double sum_of(Buckets buckets) {
  KahanSum sum;
  for (const Bucket& bucket : buckets) sum.add(bucket.sum);
  return std::isinf(sum.sum) ? sum.sum : sum.sum + sum.compensation;
}

double average_of(Buckets buckets) { return sum_of(buckets) / count_of(buckets); }

double least_of(Buckets buckets) {
  double least = buckets.front().min;
  for (const Bucket& bucket : buckets)
    if (bucket.min < least || std::isnan(least)) least = bucket.min;
  return least;
}

double greatest_of(Buckets buckets) {
  double greatest = buckets.front().max;
  for (const Bucket& bucket : buckets)
    if (bucket.max > greatest || std::isnan(greatest)) greatest = bucket.max;
  return greatest;
}

struct Named {
  std::string_view name;
  double (*of)(Buckets);
};
constexpr std::array<Named, 7> kNamed = {{
    {"min_over_time", least_of},
    {"max_over_time", greatest_of},
    {"sum_over_time", sum_of},
    {"count_over_time", count_of},
    {"avg_over_time", average_of},
    {"last_over_time", [](Buckets buckets) { return buckets.back().last; }},
    {"present_over_time", [](Buckets) { return 1.0; }},
}};

struct OfBuckets {
  double (*of)(Buckets);
  Buckets all = {};
  void begin(Buckets buckets) { all = buckets; }
  double operator()(std::size_t first, std::size_t end, const WindowTime&) const {
    return of(all.subspan(first, end - first));
  }
};

}  // namespace

std::optional<FillRowFromTier> tier_function(std::string_view name, const WindowPlan& plan) {
  for (const Named& named : kNamed)
    if (named.name == name)
      return [plan, compute = OfBuckets{named.of}](Buckets buckets, std::span<double> row) mutable {
        return slide(plan, buckets, row, compute);
      };
  return std::nullopt;
}

std::int64_t divisor_ms(const WindowPlan& plan) {
  const bool moves = plan.grid.steps > 1 && plan.shift.at == TimeShift::At::none;
  return std::gcd(std::gcd(plan.range_ms, plan.end_ms(0)), moves ? plan.grid.step_ms : 0);
}

}  // namespace ullage::query
