// SPDX-License-Identifier: Apache-2.0
// Lets people's own metrics into a tick: not under a name that is ours, and no more series than were agreed.
// What is kept out is counted by its cause. A series that stays away leaves its place to another. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "metric/frame.h"
#include "metric/series.h"

namespace ullage::sense {

struct GateCounts {
  std::uint64_t reserved_names = 0;
  std::uint64_t beyond_limit = 0;
};

class SeriesGate {
 public:
  explicit SeriesGate(std::size_t series_max) : series_max_(series_max) {}

  // A tick begins.
  void begin(std::chrono::nanoseconds now);
  void add(metric::Frame& frame, const metric::SeriesKey& key, double value);

  void set_series_max(std::size_t series_max) { series_max_ = series_max; }
  std::size_t size() const { return last_seen_.size(); }
  const GateCounts& counts() const { return counts_; }

 private:
  std::size_t series_max_;
  std::unordered_map<std::size_t, std::chrono::nanoseconds> last_seen_;  // by the series' hash
  std::chrono::nanoseconds now_{0}, swept_{0};
  std::vector<metric::LabelView> labels_;  // reused
  GateCounts counts_;
};

// A name that Ullage itself gives: ullage_*, node_*, container_*.
bool is_reserved_name(std::string_view name);

}  // namespace ullage::sense
