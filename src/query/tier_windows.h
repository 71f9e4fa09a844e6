// SPDX-License-Identifier: Apache-2.0
// Functions over ranges that a tier answers as well as the samples themselves: where each window begins and
// ends with a bucket, min, max, sum, count, avg, last and whether there is any are those of its buckets.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "history/series_source.h"
#include "query/evaluator.h"

namespace ullage::query {

using FillRowFromTier = std::function<bool(std::span<const history::Bucket>, std::span<double>)>;

// Nothing for a function that needs the samples.
std::optional<FillRowFromTier> tier_function(std::string_view name, const WindowPlan& plan);

// The greatest width that divides the windows of a plan, as SeriesSource::tier_ms asks for it.
std::int64_t divisor_ms(const WindowPlan& plan);

}  // namespace ullage::query
