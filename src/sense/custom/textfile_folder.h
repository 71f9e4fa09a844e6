// SPDX-License-Identifier: Apache-2.0
// A folder of *.prom files that scripts and cron jobs leave behind, as node_exporter's textfile collector
// takes them: each file's values until the file changes, when each changed, whether any is broken. A broken
// file leaves out its own values only. Files are read when they have changed. Any one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "metric/family.h"
#include "sense/custom/custom_reading.h"

namespace ullage::sense {

class TextfileFolder {
 public:
  explicit TextfileFolder(std::string folder) : folder_(std::move(folder)) {}

  CustomReading read();
  std::uint64_t files_read() const { return files_read_; }

 private:
  struct Stamp {
    std::int64_t seconds = -1, nanoseconds = 0, size = 0;
    ino_t inode = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct File {
    Stamp stamp;
    std::vector<CustomValue> values;
    std::vector<metric::Family> families;
    std::string error;
  };
  void look_at(const std::string& path);

  std::string folder_;
  std::map<std::string, File> files_;  // by path
  std::uint64_t files_read_ = 0;
};

}  // namespace ullage::sense
