// SPDX-License-Identifier: Apache-2.0
// /proc/meminfo (Linux Documentation/filesystems/proc.rst, 1.3): every key the kernel has, as
// node_memory_<Key>_bytes. Keys come with kernels, so the names are open-ended.
#pragma once

#include <string>
#include <string_view>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/file_collector.h"

namespace ullage::sense {

class MeminfoCollector final : public FileCollector {
 public:
  explicit MeminfoCollector(const OsRoot& root) : FileCollector(root, "/proc/meminfo") {}

 private:
  Result<void> add_values(std::string_view text, metric::Frame& frame) override;
  std::string name_;
};

}  // namespace ullage::sense
