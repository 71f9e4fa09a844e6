// SPDX-License-Identifier: Apache-2.0
// The series of a run as those who look at it need them: keys, and ticks in order. A view, so that the
// report, the chart, the figures and the export read a run's file and a test's literals by the same way.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::run {

struct SeriesView {
  std::span<const metric::SeriesKey> keys;  // index is the SeriesId
  std::function<Result<void>(const std::function<void(const metric::Tick&)>&)> each_tick;
  std::function<Result<std::vector<history::Sample>>(metric::SeriesId)> samples;
};

// Of an open file, which must outlive the view.
SeriesView view_of(const history::SeriesReader& reader);
// Of ticks in memory, which must outlive the view.
SeriesView view_of(std::span<const metric::SeriesKey> keys, std::span<const metric::Tick> ticks);

// All series of this name added up at each moment (cpu user + system); empty when there is none.
Result<std::vector<history::Sample>> summed(const SeriesView& view, std::string_view name);
// A counter's rate between each two samples, placed at the later one. A counter that went back starts anew.
std::vector<history::Sample> rates(const std::vector<history::Sample>& counter);

}  // namespace ullage::run
