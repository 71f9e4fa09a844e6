// SPDX-License-Identifier: Apache-2.0
// How long tasks waited for processors, disks, memory and interrupts: /proc/pressure (Linux
// Documentation/accounting/psi.rst).
#pragma once

#include <string>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/kernel_file.h"

namespace ullage::sense {

class PressureCollector final : public Collector {
 public:
  explicit PressureCollector(const OsRoot& root);
  Result<void> collect(metric::Frame& frame) override;

 private:
  KernelFile cpu_, io_, memory_, irq_;
  std::string buffer_;
};

}  // namespace ullage::sense
