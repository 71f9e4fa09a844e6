// SPDX-License-Identifier: Apache-2.0
// The values that programs send to the daemon, as they stand now: counters are sums, gauges the last value,
// timings a count and a sum (as a summary without quantiles has), sets how many different members came in the
// last ten seconds. Takes Ullage's own lines (docs/formats/emit-lines.md) and StatsD's. Bounded; a series of
// which nothing is heard for an hour is forgotten. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "metric/family.h"
#include "metric/frame.h"
#include "metric/series.h"
#include "sense/custom/line_protocol.h"
#include "sense/custom/recent_members.h"
#include "sense/custom/series_gate.h"
#include "sense/custom/statsd.h"

namespace ullage::sense {

struct PushedCounts {
  std::uint64_t lines = 0;
  std::uint64_t bad_lines = 0;
  std::uint64_t beyond_limit = 0;  // samples of series for which there was no room
  std::uint64_t other_kind = 0;    // samples of a kind that the series is not
};

class PushedValues {
 public:
  explicit PushedValues(std::size_t series_max) : series_max_(series_max) {}

  // One line, without its end, of either protocol; false when it says nothing.
  Result<bool> take(std::string_view line, std::chrono::nanoseconds now);
  // All lines of a datagram.
  void take_all(std::string_view text, std::chrono::nanoseconds now);
  void add_to(metric::Frame& frame, SeriesGate& gate, std::chrono::nanoseconds now);

  void set_series_max(std::size_t series_max) { series_max_ = series_max; }
  const PushedCounts& counts() const { return counts_; }
  const std::string& last_error() const { return last_error_; }  // of the last bad line; empty when none was

 private:
  enum class Kind { counter, gauge, timing, set };
  struct Series {
    metric::SeriesKey key, count_key, sum_key;  // the latter two of timings
    Kind kind = Kind::gauge;
    double value = 0;  // of a timing: its sum
    double count = 0;
    RecentMembers members;  // of a set
    std::chrono::nanoseconds heard{0};
    bool is_described = false;  // to whom the values are added
    bool is_told = false;       // since it was last heard of
  };
  static metric::FamilyKind family_kind(Kind kind);
  Result<bool> take_line(std::string_view line, std::chrono::nanoseconds now);
  Result<bool> take_own(const Line& line, std::chrono::nanoseconds now);
  void take_sample(const metric::SeriesKey& key, const StatsdSample& sample, std::chrono::nanoseconds now);
  Series* series_of(const metric::SeriesKey& key, Kind kind, std::chrono::nanoseconds now);
  void sweep(std::chrono::nanoseconds now);

  std::size_t series_max_;
  std::unordered_map<std::string, Series> series_;  // by the key's text
  std::size_t members_ = 0;                         // of all sets, since they were swept
  std::chrono::nanoseconds swept_{0};
  PushedCounts counts_;
  std::string last_error_;
};

}  // namespace ullage::sense
