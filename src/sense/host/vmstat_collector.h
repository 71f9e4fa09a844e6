// SPDX-License-Identifier: Apache-2.0
// /proc/vmstat: of its 180 counts those that node_exporter selects by itself, which are out-of-memory kills,
// paging, swapping and faults.
#pragma once

#include <string>
#include <string_view>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/file_collector.h"

namespace ullage::sense {

class VmstatCollector final : public FileCollector {
 public:
  explicit VmstatCollector(const OsRoot& root) : FileCollector(root, "/proc/vmstat") {}

 private:
  Result<void> add_values(std::string_view text, metric::Frame& frame) override;
  std::string name_;
};

}  // namespace ullage::sense
