// SPDX-License-Identifier: Apache-2.0
// How many tasks ran or waited for a processor or a disk, over 1, 5 and 15 minutes: /proc/loadavg.
#pragma once

#include <string>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/kernel_file.h"

namespace ullage::sense {

class LoadavgCollector final : public Collector {
 public:
  explicit LoadavgCollector(const OsRoot& root) : file_(root.path("/proc/loadavg")) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  KernelFile file_;
  std::string buffer_;
};

}  // namespace ullage::sense
