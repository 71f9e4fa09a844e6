// SPDX-License-Identifier: Apache-2.0
// The live series as somebody on another thread gets them, tick by tick: values by id, and with them what ids
// mean that were not told before. A value; whoever reads it keeps what it was told.
#pragma once

#include <cstdint>
#include <vector>

#include "metric/live_series.h"
#include "metric/series.h"

namespace ullage::watch {

struct ToldTick {
  struct Name {
    metric::SeriesId id;
    metric::SeriesKey key;
  };
  std::vector<Name> names;  // what ids mean from here on
  metric::Tick tick;
};

// One for each who is told, always of the same live series.
class TickTeller {
 public:
  ToldTick tell(const metric::LiveSeries& live);
  // It did not arrive: its names will be told again.
  void take_back(const ToldTick& told);

 private:
  std::vector<std::uint64_t> births_;  // by id: of whom it was told last
};

}  // namespace ullage::watch
