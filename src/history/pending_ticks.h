// SPDX-License-Identifier: Apache-2.0
// The ticks since the last flush, in memory. Bounded: when nothing can be written for long (the disk is full)
// the oldest give way to the newest, and are counted.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "history/block.h"
#include "metric/series.h"

namespace ullage::history {

// 16 bytes each: what a full disk can cost in memory.
constexpr std::size_t kPendingSamplesMax = 200'000;

class PendingTicks {
 public:
  explicit PendingTicks(std::size_t samples_max = kPendingSamplesMax) : samples_max_(samples_max) {}
  void add(const metric::Tick& tick);
  std::size_t size() const { return times_ms_.size(); }
  std::size_t samples() const { return values_.size(); }
  std::uint64_t dropped() const { return dropped_; }
  // The ticks from the one at `begin` on, as many as one block may hold; the columns are the series that
  // have a value in them.
  Block block_from(std::size_t begin) const;
  void remove_first(std::size_t count);
  // Merges each two neighbours.
  void halve(const std::function<bool(metric::SeriesId)>& is_counter);

 private:
  std::span<const metric::Value> values(std::size_t tick) const;
  std::vector<metric::SeriesId> series_of(std::size_t begin, std::size_t end) const;

  std::size_t samples_max_;
  std::vector<std::int64_t> times_ms_;
  std::vector<std::size_t> ends_;  // of each tick's values
  std::vector<metric::Value> values_;
  std::uint64_t dropped_ = 0;
};

}  // namespace ullage::history
