// SPDX-License-Identifier: Apache-2.0
#include "history/series_source.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "history/block.h"
#include "history/series_file.h"
#include "history/store/bucket.h"
#include "metric/series.h"

namespace ullage::history {

// What every source can do with its samples; one that keeps tiers does better.
Result<void> SeriesSource::select_buckets(const Selection& selection, std::int64_t tier_ms,
                                          const VisitBuckets& visit) const {
  return select(selection,
                [&](const metric::SeriesKey& key, std::span<const Sample> samples) -> Result<void> {
                  const auto buckets = to_buckets(samples, tier_ms);
                  return buckets.empty() ? Result<void>() : visit(key, buckets);
                });
}

Result<void> SeriesSource::select_series(const Selection& selection, const VisitSeries& visit) const {
  return select(
      selection, [&](const metric::SeriesKey& key, std::span<const Sample> samples) -> Result<void> {
        const bool any = std::ranges::any_of(samples, [](const Sample& s) { return !is_absent(s.value); });
        return any ? visit(key) : Result<void>();
      });
}

}  // namespace ullage::history
