// SPDX-License-Identifier: Apache-2.0
// Runs that are alive, as series of the machine: read out of their files on a thread of its own, so that no
// tick waits for a disk. A series ends within two seconds of its run. One thread.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/custom/custom_reading.h"
#include "sense/custom/periodic_source.h"

namespace ullage::daemon {

class RunsCollector final : public sense::Collector {
 public:
  RunsCollector(const std::string& state_directory, const Clock& clock);
  Result<void> collect(metric::Frame& frame) override;

 private:
  sense::PeriodicSource reading_;
};

}  // namespace ullage::daemon
