// SPDX-License-Identifier: Apache-2.0
// How fast each processor runs, and may run: /sys/devices/system/cpu/cpuN/cpufreq (Linux
// Documentation/admin-guide/pm/cpufreq.rst). To ask a processor may interrupt it, so that they are read apart
// from the tick.
#pragma once

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"

namespace ullage::sense {

class CpufreqCollector final : public Collector {
 public:
  explicit CpufreqCollector(const OsRoot& root) : root_(root) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  OsRoot root_;
};

}  // namespace ullage::sense
