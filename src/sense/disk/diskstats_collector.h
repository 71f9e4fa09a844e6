// SPDX-License-Identifier: Apache-2.0
// What each disk read and wrote and how long it was busy: /proc/diskstats (Linux
// Documentation/admin-guide/iostats.rst), without partitions and the like, as node_exporter leaves them out.
#pragma once

#include <string_view>

#include "base/os_root.h"
#include "base/result.h"
#include "metric/frame.h"
#include "sense/file_collector.h"

namespace ullage::sense {

class DiskstatsCollector final : public FileCollector {
 public:
  explicit DiskstatsCollector(const OsRoot& root) : FileCollector(root, "/proc/diskstats") {}

 private:
  Result<void> add_values(std::string_view text, metric::Frame& frame) override;
};

// A partition, a loop device or the like, of which the whole says enough.
bool is_no_whole_disk(std::string_view device);

}  // namespace ullage::sense
