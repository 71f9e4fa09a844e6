// SPDX-License-Identifier: Apache-2.0
// Sensors of the hardware: temperatures, fans, voltages, currents, power (/sys/class/hwmon; Linux
// Documentation/hwmon/sysfs-interface.rst). Some sit on slow buses, so that they are read apart from the
// tick.
#pragma once

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"

namespace ullage::sense {

class HwmonCollector final : public Collector {
 public:
  explicit HwmonCollector(const OsRoot& root) : root_(root) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  OsRoot root_;
};

}  // namespace ullage::sense
