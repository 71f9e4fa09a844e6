// SPDX-License-Identifier: Apache-2.0
// What went over each network device but the loopback: /proc/net/dev.
#pragma once

#include <string_view>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/file_collector.h"

namespace ullage::sense {

class NetdevCollector final : public FileCollector {
 public:
  explicit NetdevCollector(const OsRoot& root) : FileCollector(root, "/proc/net/dev") {}

 private:
  Result<void> add_values(std::string_view text, metric::Frame& frame) override;
};

}  // namespace ullage::sense
