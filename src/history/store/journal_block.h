// SPDX-License-Identifier: Apache-2.0
// A block of a history's journal with all of its values unpacked: who asks for the last minutes asks hundreds
// of them for a value each, again and again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "metric/series.h"

namespace ullage::history {

class JournalBlock {
 public:
  using Series = std::shared_ptr<const std::vector<metric::SeriesId>>;
  // The list of series is left in `series`, and is the one that was there where it is the same; null: none
  // was.
  static Result<JournalBlock> unpack(const BlockView& view, Series& series);

  const std::vector<std::int64_t>& times_ms() const { return times_ms_; }
  const std::vector<metric::SeriesId>& series() const { return *series_; }
  Result<void> read_column(std::size_t index, std::vector<double>& values) const;
  // Its own, without the list that may be another's too.
  std::size_t memory_bytes() const { return values_.capacity() * sizeof(double) + sizeof *this; }

 private:
  std::vector<std::int64_t> times_ms_;
  Series series_;
  std::vector<double> values_;  // a column after the other
};

}  // namespace ullage::history
