// SPDX-License-Identifier: Apache-2.0
// Temperatures the kernel steers by, and what cools them: /sys/class/thermal (Linux
// Documentation/driver-api/thermal/sysfs-api.rst). A zone may be slow to answer, so that they are read apart
// from the tick.
#pragma once

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"

namespace ullage::sense {

class ThermalZoneCollector final : public Collector {
 public:
  explicit ThermalZoneCollector(const OsRoot& root) : root_(root) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  OsRoot root_;
};

}  // namespace ullage::sense
