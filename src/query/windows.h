// SPDX-License-Identifier: Apache-2.0
// What the functions over ranges compute. A window of samples slides over a series: two indices that only
// go forward. Each computation is told the series once (begin) and then the window [first, end) of each step
// that has one; it may look at samples before the window (for the reset that lies between) but not count
// them. Where the result stays the same to the last bit, work slides with the window: counter resets are a
// list that is walked beside the samples, extremes a queue. Sums are made anew, since a sum that slides is
// not the same sum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "query/engine.h"
#include "query/evaluator.h"

namespace ullage::query {

// The moment of a step as a computation sees it.
struct WindowTime {
  std::size_t step = 0;
  std::int64_t time_ms = 0;   // of the step
  std::int64_t begin_ms = 0;  // exclusive
  std::int64_t end_ms = 0;    // inclusive
};

// The computation of a function by its name; nothing when it is not one over ranges. The scalars are its
// scalar arguments, a value a step, and outlive the result.
std::optional<FillRow> window_function(std::string_view name, const WindowPlan& plan,
                                       std::span<const Scalars> scalars);

// After so many samples gone through, a look at whether the query may go on.
constexpr std::size_t kSamplesBetweenLooks = 1 << 20;

// Stops early when the query may not go on; the caller looks at that too.
template <class Item, class Compute>
bool slide(const WindowPlan& plan, std::span<const Item> samples, std::span<double> row, Compute& compute) {
  compute.begin(samples);
  std::size_t first = 0, end = 0;
  std::size_t work = 0;
  bool has_any = false;
  for (std::size_t step = 0; step < row.size(); ++step) {
    const std::int64_t window_end = plan.end_ms(step);
    const WindowTime time{step, plan.grid.at(step), window_end - plan.range_ms, window_end};
    while (end < samples.size() && samples[end].time_ms <= time.end_ms) ++end;
    while (first < end && samples[first].time_ms <= time.begin_ms) ++first;
    row[step] = first == end ? kAbsent : compute(first, end, time);
    has_any |= !is_absent(row[step]);
    work += end - first;
    if (work < kSamplesBetweenLooks) continue;
    work = 0;
    if (plan.budget != nullptr && !plan.budget->alive()) return true;
  }
  return has_any;
}

// The quantile of values, which are put in another order.
double quantile_of(double quantile, std::span<double> values);

}  // namespace ullage::query
