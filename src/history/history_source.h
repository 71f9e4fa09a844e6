// SPDX-License-Identifier: Apache-2.0
// Reads a history's folder, beside its writer if there is one: samples from the days that have them, from
// the minutes and hours of older days; buckets of a tier, of which the part that is not written yet is made
// up from samples, so that they are exact to the last flush. Files are opened when they are needed. One
// thread a source; any number of sources.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/series_source.h"

namespace ullage::history {

class HistorySource final : public SeriesSource {
 public:
  // A folder without any file is a history without any series.
  static Result<HistorySource> open(const std::string& folder);
  HistorySource(HistorySource&&) noexcept;
  HistorySource& operator=(HistorySource&&) noexcept;
  ~HistorySource() override;

  Result<void> select(const Selection& selection, const VisitSamples& visit) const override;
  std::int64_t tier_ms(const Selection& selection, std::int64_t divisor_ms) const override;
  Result<void> select_buckets(const Selection& selection, std::int64_t tier_ms,
                              const VisitBuckets& visit) const override;
  Result<void> select_series(const Selection& selection, const VisitSeries& visit) const override;

  // Files and blocks that were damaged, newer or gone, and left out of the answers so far; in words.
  std::vector<std::string> problems() const;
  // What of the raw samples in [begin, end] no bucket of the tier tells of.
  struct Untold {
    std::int64_t begin_ms, end_ms;  // both inclusive
  };
  Result<std::vector<Untold>> untold(std::int64_t tier_ms, std::int64_t begin_ms, std::int64_t end_ms) const;

 private:
  struct Impl;
  explicit HistorySource(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::history
