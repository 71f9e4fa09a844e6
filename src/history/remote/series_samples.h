// SPDX-License-Identifier: Apache-2.0
// A series with some of its samples, as it travels between machines.
#pragma once

#include <vector>

#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::history {

struct SeriesSamples {
  metric::SeriesKey key;
  std::vector<Sample> samples;  // ascending; none in a list of series
};

}  // namespace ullage::history
