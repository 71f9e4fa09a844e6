// SPDX-License-Identifier: Apache-2.0
#include "sense/host/schedstat_collector.h"

#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "metric/frame.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

// cpu0 0 0 0 0 0 0 2045936778163039 343796328169361 4767485306
Result<void> SchedstatCollector::add_values(std::string_view text, metric::Frame& frame) {
  constexpr int kFieldsBefore = 6;
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view whole = line;
    const std::string_view key = take_word(line);
    if (!key.starts_with("cpu")) continue;
    for (int i = 0; i < kFieldsBefore; ++i) take_word(line);
    const auto running = take_unsigned(line), waiting = take_unsigned(line), slices = take_unsigned(line);
    if (!running || !waiting || !slices) return broken("not times of a processor", whole);
    const std::string_view cpu = key.substr(3);
    frame.add("node_schedstat_running_seconds_total", {{"cpu", cpu}}, nanoseconds(*running));
    frame.add("node_schedstat_waiting_seconds_total", {{"cpu", cpu}}, nanoseconds(*waiting));
    frame.add("node_schedstat_timeslices_total", {{"cpu", cpu}}, static_cast<double>(*slices));
  }
  return {};
}

}  // namespace ullage::sense
