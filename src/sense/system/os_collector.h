// SPDX-License-Identifier: Apache-2.0
// Which distribution this is: os-release(5). The file is read when it changed: an upgrade renames a new one
// over it.
#pragma once

#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/collector.h"

namespace ullage::sense {

class OsCollector final : public Collector {
 public:
  explicit OsCollector(const OsRoot& root)
      : paths_{root.path("/etc/os-release"), root.path("/usr/lib/os-release")} {}
  Result<void> collect(metric::Frame& frame) override;

 private:
  bool read_again();
  std::string_view field(std::string_view key) const;

  std::vector<std::string> paths_;
  std::string read_from_;  // empty when nothing was
  timespec changed_{};
  std::vector<std::pair<std::string, std::string>> fields_;
};

// KEY=value, KEY="value", KEY='value' lines. Pure.
std::vector<std::pair<std::string, std::string>> parse_os_release(std::string_view text);

}  // namespace ullage::sense
