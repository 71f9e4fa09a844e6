// SPDX-License-Identifier: Apache-2.0
// Lets people's own metrics into a tick: none that could be taken for ours (a name of ours comes in where it
// carries the job and the instance that were scraped), and no more series than were agreed, of which one
// source alone may have four fifths. What is kept out is counted by its cause. A series that
// stays away leaves its place to another. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
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
  SeriesGate(const SeriesGate&) = delete;
  SeriesGate& operator=(const SeriesGate&) = delete;

  // A tick begins.
  void begin(std::chrono::nanoseconds now);
  // What is added from here on is this source's.
  void begin_source(const std::string& name) { source_ = &by_source_[name]; }
  // A value that is given again at each tick until there is a newer one is counted once if it is dropped.
  enum class Word : unsigned char { first, repeated };
  void add(metric::Frame& frame, const metric::SeriesKey& key, double value, Word word = Word::first);

  void set_series_max(std::size_t series_max) { series_max_ = series_max; }
  std::size_t size() const { return seen_.size(); }
  const GateCounts& counts() const { return counts_; }

 private:
  std::size_t series_max_;
  struct Seen {
    std::chrono::nanoseconds at{0};
    std::size_t* source = nullptr;  // how many series it has, where it stands in by_source_
  };
  std::unordered_map<std::size_t, Seen> seen_;              // by the series' hash
  std::unordered_map<std::string, std::size_t> by_source_;  // places stay
  std::size_t* source_ = &by_source_[""];
  std::chrono::nanoseconds now_{0}, swept_{0};
  std::vector<metric::LabelView> labels_;  // reused
  GateCounts counts_;
};

// A series that Ullage itself might give: one of ullage_*, node_*, container_*, without the labels job and
// instance, which none of its own has together; or one of these that somebody else had scraped before.
bool may_be_ours(const metric::SeriesKey& key);

}  // namespace ullage::sense
