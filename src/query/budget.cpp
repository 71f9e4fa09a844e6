// SPDX-License-Identifier: Apache-2.0
#include "query/budget.h"

#include <fmt/format.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace ullage::query {

namespace {

constexpr std::string_view kNarrow = "ask for fewer series or a shorter time, or raise the limit";

tl::unexpected<Error> too_many(std::string_view what, std::uint64_t limit) {
  return fail(fmt::format("the query touches more than {} {}", limit, what), "", std::string(kNarrow));
}

}  // namespace

Result<void> Budget::alive() const {
  if (stop_.cancelled != nullptr && stop_.cancelled->load(std::memory_order_relaxed))
    return fail("the query was cancelled");
  if (stop_.expired && stop_.expired()) return fail("the query took longer than it may");
  return {};
}

Result<void> Budget::take_samples(std::uint64_t samples) {
  samples_ += samples;
  if (samples_ > limits_.samples_max) return too_many("samples", limits_.samples_max);
  return {};
}

Result<void> Budget::take_series() {
  if (++series_ > limits_.series_max) return too_many("series", limits_.series_max);
  if ((series_ & 15) == 0) return alive();
  return {};
}

Result<void> Budget::check_steps(std::uint64_t steps) const {
  if (steps > limits_.steps_max)
    return fail(fmt::format("the query has {} steps, more than the {} allowed", steps, limits_.steps_max), "",
                "take a longer step or a shorter time");
  return {};
}

Result<void> Budget::check_regex(std::string_view pattern) const {
  if (pattern.size() > limits_.regex_bytes_max)
    return fail(fmt::format("a regular expression of {} bytes is longer than the {} allowed", pattern.size(),
                            limits_.regex_bytes_max));
  return {};
}

Result<void> Budget::check_depth(std::size_t depth) const {
  if (depth > limits_.depth_max)
    return fail(fmt::format("the query is nested deeper than {} levels", limits_.depth_max));
  return {};
}

bool Budget::hold(std::size_t bytes) {
  if (bytes_ + bytes > limits_.bytes_max) return false;
  bytes_ += bytes;
  return true;
}

tl::unexpected<Error> Budget::out_of_bytes() const {
  return fail(fmt::format("the query needs more than {} MiB of memory", limits_.bytes_max >> 20), "",
              std::string(kNarrow));
}

}  // namespace ullage::query
