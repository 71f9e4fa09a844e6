// SPDX-License-Identifier: Apache-2.0
// How many neighbours each network device knows: /proc/net/arp.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/file_collector.h"

namespace ullage::sense {

class ArpCollector final : public FileCollector {
 public:
  explicit ArpCollector(const OsRoot& root) : FileCollector(root, "/proc/net/arp") {}

 private:
  Result<void> add_values(std::string_view text, metric::Frame& frame) override;
  std::vector<std::pair<std::string_view, std::size_t>> devices_;  // of this reading; kept for its room
};

}  // namespace ullage::sense
