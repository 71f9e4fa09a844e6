// SPDX-License-Identifier: Apache-2.0
// Asks each collector in turn, tick after tick, and tells how each of them fared. One that fails is shown as
// down and does not keep the others from being asked. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "metric/frame.h"
#include "sense/collector.h"

namespace ullage::watch {

struct Source {
  std::string name;
  std::unique_ptr<sense::Collector> collector;
};

// Of a source, at its last reading.
struct SourceStatus {
  std::string name;
  std::string error = {};  // empty: all went well
  std::int64_t time_ms = 0;
  double duration_seconds = 0;
};

class Collecting {
 public:
  Collecting(std::vector<Source> sources, const Clock& clock);

  // Adds what all sources have to say, and ullage_collector_success and ullage_collector_duration_seconds of
  // each.
  void collect(std::int64_t time_ms, metric::Frame& frame);
  std::span<const SourceStatus> statuses() const { return statuses_; }

 private:
  const Clock& clock_;
  std::vector<Source> sources_;
  std::vector<SourceStatus> statuses_;  // in step with the sources
};

}  // namespace ullage::watch
