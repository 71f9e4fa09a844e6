// SPDX-License-Identifier: Apache-2.0
// How well the kernel's clock is kept: adjtimex(2), asked without changing anything. It speaks of the live
// machine only.
#pragma once

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"

struct timex;

namespace ullage::sense {

class TimexCollector final : public Collector {
 public:
  explicit TimexCollector(const OsRoot& root) : root_(root) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  OsRoot root_;
};

// What adjtimex filled in; state is what it returned. Pure.
void add_timex(const timex& clock, int state, metric::Frame& frame);

}  // namespace ullage::sense
