// SPDX-License-Identifier: Apache-2.0
// StatsD lines, as Etsy's StatsD and DogStatsD have them:
//
//     name:value|type[|@rate][|#tag:value,tag…]
//
// c counters, g gauges (+ and - change one), ms timers, h and d histograms, s sets; several values of a name
// as name:1:2:3|ms. Names and tags become legal names of Prometheus: what is not a letter, digit, _ or : is
// an underscore. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metric/series.h"

namespace ullage::sense {

struct StatsdSample {
  enum class Kind { counter, gauge, gauge_change, timing, set };
  Kind kind = Kind::counter;
  double value = 0;    // of a timing in milliseconds: in seconds
  double weight = 1;   // how many a sampled one stands for: 1 / rate
  std::string member;  // of a set
};

struct StatsdLine {
  metric::SeriesKey key;  // tags as labels, in order
  std::vector<StatsdSample> samples;
};

// Without its line end. Of an event or a service check (_e{…}, _sc|…), which have no value, no samples. An
// error's where is "column 7".
Result<StatsdLine> parse_statsd(std::string_view text);

}  // namespace ullage::sense
