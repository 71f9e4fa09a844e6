// SPDX-License-Identifier: Apache-2.0
// A set of series ids as runs of neighbours. Which series a chunk has is remembered for each that may still
// be rewritten, and ids are dense but for those of series that ended: a few runs say thousands of them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "metric/series.h"

namespace ullage::history {

class IdSet {
 public:
  IdSet() = default;
  explicit IdSet(std::span<const metric::SeriesId> ascending);

  bool empty() const { return runs_.empty(); }
  std::size_t size() const { return size_; }
  metric::SeriesId front() const { return runs_.front().first; }
  std::vector<metric::SeriesId> ids() const;  // ascending
  void unite(const IdSet& other);
  bool operator==(const IdSet&) const = default;

 private:
  struct Run {
    metric::SeriesId first, last;
    bool operator==(const Run&) const = default;
  };
  std::vector<Run> runs_;  // apart by more than one
  std::size_t size_ = 0;
};

}  // namespace ullage::history
