// SPDX-License-Identifier: Apache-2.0
#include "watch/collecting.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "metric/frame.h"

namespace ullage::watch {

Collecting::Collecting(std::vector<Source> sources, const Clock& clock)
    : clock_(clock), sources_(std::move(sources)) {
  for (const Source& source : sources_) statuses_.push_back({.name = source.name});
}

void Collecting::collect(std::int64_t time_ms, metric::Frame& frame) {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    SourceStatus& status = statuses_[i];
    const std::chrono::nanoseconds begin = clock_.monotonic();
    const auto done = sources_[i].collector->collect(frame);
    status.duration_seconds = to_seconds(clock_.monotonic() - begin);
    status.time_ms = time_ms;
    status.error = done ? std::string() : done.error().text();
    frame.add("ullage_collector_success", {{"collector", status.name}}, done ? 1 : 0);
    frame.add("ullage_collector_duration_seconds", {{"collector", status.name}}, status.duration_seconds);
  }
}

}  // namespace ullage::watch
