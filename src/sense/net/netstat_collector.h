// SPDX-License-Identifier: Apache-2.0
// Counts of the network protocols, of which there are hundreds: those that node_exporter selects by itself,
// from /proc/net/netstat, snmp (Linux Documentation/networking/snmp_counter.rst) and snmp6.
#pragma once

#include <string>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"
#include "sense/kernel_file.h"

namespace ullage::sense {

class NetstatCollector final : public Collector {
 public:
  explicit NetstatCollector(const OsRoot& root)
      : netstat_(root.path("/proc/net/netstat")),
        snmp_(root.path("/proc/net/snmp")),
        snmp6_(root.path("/proc/net/snmp6")) {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  Result<void> add_table(KernelFile& file, const char* path, metric::Frame& frame);

  KernelFile netstat_, snmp_, snmp6_;
  std::string buffer_, name_;
};

}  // namespace ullage::sense
