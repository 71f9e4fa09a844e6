// SPDX-License-Identifier: Apache-2.0
// The wall clock, its zone, and what the kernel makes it from (/sys/devices/system/clocksource).
#pragma once

#include <string>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/kernel_file.h"

namespace ullage::sense {

class TimeCollector final : public Collector {
 public:
  explicit TimeCollector(const OsRoot& root);
  TimeCollector(const OsRoot& root, const Clock& clock);  // which outlives the collector
  Result<void> collect(metric::Frame& frame) override;

 private:
  const Clock& clock_;
  KernelFile available_, current_;
  std::string buffer_;
};

}  // namespace ullage::sense
