// SPDX-License-Identifier: Apache-2.0
// Packets each processor took from its queue, and those it had no time for: /proc/net/softnet_stat.
#pragma once

#include <string_view>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/file_collector.h"

namespace ullage::sense {

class SoftnetCollector final : public FileCollector {
 public:
  explicit SoftnetCollector(const OsRoot& root) : FileCollector(root, "/proc/net/softnet_stat") {}

 private:
  Result<void> add_values(std::string_view text, metric::Frame& frame) override;
};

}  // namespace ullage::sense
