// SPDX-License-Identifier: Apache-2.0
#include "history/series_source.h"

#include <cstdint>
#include <span>

#include "base/result.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::history {

Result<void> SeriesSource::select_buckets(const Selection& /*selection*/, std::int64_t /*tier_ms*/,
                                          const VisitBuckets& /*visit*/) const {
  return fail("this source keeps no tiers");
}

Result<void> SeriesSource::select_series(const Selection& selection, const VisitSeries& visit) const {
  return select(selection,
                [&](const metric::SeriesKey& key, std::span<const Sample> samples) -> Result<void> {
                  return samples.empty() ? Result<void>() : visit(key);
                });
}

}  // namespace ullage::history
