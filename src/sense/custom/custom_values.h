// SPDX-License-Identifier: Apache-2.0
// The values that a run reports of itself, as they stand now: a gauge is its last value, a counter the sum of
// what was added. Each tick they go into the run's series as ullage_run_custom_gauge and _counter, the name
// and the labels being labels. Bounded; what is beyond the bound is counted. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "metric/series.h"
#include "sense/custom/line_protocol.h"

namespace ullage::sense {

class CustomValues {
 public:
  explicit CustomValues(std::size_t series_limit = 1000) : series_limit_(series_limit) {}

  void set(const GaugeLine& gauge, metric::SeriesTable& table);
  void add(const CounterLine& counter, metric::SeriesTable& table);
  void add_to(metric::Tick& tick) const;
  std::uint64_t dropped() const { return dropped_; }  // lines of series beyond the limit
  std::size_t size() const { return values_.size(); }

 private:
  double* value_of(const char* series, const std::string& name, const metric::Labels& labels,
                   metric::SeriesTable& table);
  std::size_t series_limit_;
  std::uint64_t dropped_ = 0;
  std::unordered_map<std::string, metric::SeriesId> ids_;  // by the series' text
  std::unordered_map<metric::SeriesId, double> values_;
};

}  // namespace ullage::sense
