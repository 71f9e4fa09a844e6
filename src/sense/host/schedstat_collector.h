// SPDX-License-Identifier: Apache-2.0
// /proc/schedstat (Linux Documentation/scheduler/sched-stats.rst): how long tasks ran on each processor and
// waited for it.
#pragma once

#include <string_view>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/file_collector.h"

namespace ullage::sense {

class SchedstatCollector final : public FileCollector {
 public:
  explicit SchedstatCollector(const OsRoot& root) : FileCollector(root, "/proc/schedstat") {}

 private:
  Result<void> add_values(std::string_view text, metric::Frame& frame) override;
};

}  // namespace ullage::sense
