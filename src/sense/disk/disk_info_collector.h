// SPDX-License-Identifier: Apache-2.0
// What each disk is (model, serial number, file system, device mapper's names): as udev has it in
// /run/udev/data, a file a device, of the disks that are in /proc/diskstats. Read apart from the tick.
#pragma once

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"

namespace ullage::sense {

class DiskInfoCollector final : public Collector {
 public:
  explicit DiskInfoCollector(const OsRoot& root) : root_(root) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  OsRoot root_;
};

}  // namespace ullage::sense
