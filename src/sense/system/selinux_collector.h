// SPDX-License-Identifier: Apache-2.0
// Whether SELinux is there and enforces, and how its cache of decisions does: /sys/fs/selinux (Linux
// security/selinux/selinuxfs.c). Elsewhere a 0 says that it is not. Read apart from the tick.
#pragma once

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"

namespace ullage::sense {

class SelinuxCollector final : public Collector {
 public:
  explicit SelinuxCollector(const OsRoot& root) : root_(root) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  OsRoot root_;
};

}  // namespace ullage::sense
