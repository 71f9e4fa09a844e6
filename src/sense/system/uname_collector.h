// SPDX-License-Identifier: Apache-2.0
// What the kernel calls itself and the machine: uname(2). It speaks of the live machine only.
#pragma once

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"

namespace ullage::sense {

class UnameCollector final : public Collector {
 public:
  explicit UnameCollector(const OsRoot& root) : root_(root) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  OsRoot root_;
};

}  // namespace ullage::sense
