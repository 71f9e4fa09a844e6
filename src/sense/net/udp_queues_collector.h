// SPDX-License-Identifier: Apache-2.0
// What lies in the queues of all UDP sockets together: /proc/net/udp and udp6, a line a socket, so that it is
// read apart from the tick.
#pragma once

#include <string>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/kernel_file.h"

namespace ullage::sense {

class UdpQueuesCollector final : public Collector {
 public:
  explicit UdpQueuesCollector(const OsRoot& root)
      : udp_(root.path("/proc/net/udp")), udp6_(root.path("/proc/net/udp6")) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  KernelFile udp_, udp6_;
  std::string buffer_;
};

}  // namespace ullage::sense
