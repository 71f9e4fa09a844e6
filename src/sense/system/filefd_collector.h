// SPDX-License-Identifier: Apache-2.0
// How many files the machine has open, and may have: /proc/sys/fs/file-nr (Linux
// Documentation/admin-guide/sysctl/fs.rst).
#pragma once

#include <string_view>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/file_collector.h"

namespace ullage::sense {

class FilefdCollector final : public FileCollector {
 public:
  explicit FilefdCollector(const OsRoot& root) : FileCollector(root, "/proc/sys/fs/file-nr") {}

 private:
  Result<void> add_values(std::string_view text, metric::Frame& frame) override;
};

}  // namespace ullage::sense
