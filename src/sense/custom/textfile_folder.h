// SPDX-License-Identifier: Apache-2.0
// A folder of *.prom files that scripts and cron jobs leave behind, as node_exporter's textfile collector
// takes them: each file's values until the file changes, when each changed, whether any is broken. A broken
// file leaves out its own values only. Of a series that is there twice the first value is taken, and that is
// told. Files are read when they have changed. Any one thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
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
    Stamp stamp = {};
    std::vector<CustomValue> values = {};
    std::vector<metric::Family> families = {};
    std::string error = {};
    std::vector<std::size_t> left_out = {};  // of the values, those whose series came before, in order
    std::string repeated = {};               // what is to be said of them
  };
  void look_at(const std::string& path);
  void find_repeated();
  static void add(const std::string& path, const File& file, CustomReading& reading);

  std::string folder_;
  bool has_changed_ = true;            // since what is repeated was looked for
  std::map<std::string, File> files_;  // by path
  std::uint64_t files_read_ = 0;
};

}  // namespace ullage::sense
