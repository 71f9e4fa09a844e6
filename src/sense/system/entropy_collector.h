// SPDX-License-Identifier: Apache-2.0
// Randomness the kernel has gathered, and has room for: /proc/sys/kernel/random (random(4)).
#pragma once

#include <string>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/kernel_file.h"

namespace ullage::sense {

class EntropyCollector final : public Collector {
 public:
  explicit EntropyCollector(const OsRoot& root)
      : available_(root.path("/proc/sys/kernel/random/entropy_avail")),
        pool_(root.path("/proc/sys/kernel/random/poolsize")) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  KernelFile available_, pool_;
  std::string buffer_;
};

}  // namespace ullage::sense
