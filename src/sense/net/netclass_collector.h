// SPDX-License-Identifier: Apache-2.0
// What each network device is and whether it is up: /sys/class/net (Linux
// Documentation/ABI/testing/sysfs-class-net). Some of these files wait for the lock of the whole network
// configuration, so that they are read apart from the tick.
#pragma once

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"

namespace ullage::sense {

class NetclassCollector final : public Collector {
 public:
  explicit NetclassCollector(const OsRoot& root) : root_(root) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  OsRoot root_;
};

}  // namespace ullage::sense
