// SPDX-License-Identifier: Apache-2.0
// Connections that the packet filter tracks, how many it may, and what it could not keep:
// /proc/sys/net/netfilter (Linux Documentation/networking/nf_conntrack-sysctl.rst), /proc/net/stat.
#pragma once

#include <string>
#include <string_view>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/kernel_file.h"

namespace ullage::sense {

class ConntrackCollector final : public Collector {
 public:
  explicit ConntrackCollector(const OsRoot& root)
      : count_(root.path("/proc/sys/net/netfilter/nf_conntrack_count")),
        limit_(root.path("/proc/sys/net/netfilter/nf_conntrack_max")),
        statistics_(root.path("/proc/net/stat/nf_conntrack")) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  KernelFile count_, limit_, statistics_;
  std::string buffer_;
};

}  // namespace ullage::sense
