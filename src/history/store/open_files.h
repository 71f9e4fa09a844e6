// SPDX-License-Identifier: Apache-2.0
// The files of a folder for a reader: listed anew when the folder changed, opened when they are asked for,
// and closed again when there are too many. A file that cannot be read is told once and left out.
#pragma once

#include <cstdint>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/store/history_files.h"
#include "history/store/stored_file.h"

namespace ullage::history {

class OpenFiles {
 public:
  explicit OpenFiles(std::string folder) : folder_(std::move(folder)) {}

  Result<void> refresh();
  const std::vector<HistoryFile>& list() const { return list_; }
  // Null for one that cannot be read, or that retention took away meanwhile.
  StoredFile* open(const HistoryFile& file);
  void end_reading();  // lets go of the moment of each, and of files that are too many
  std::vector<std::string> problems() const;

 private:
  struct Opened {
    std::unique_ptr<StoredFile> file;  // null: cannot be read as it is now
    std::uint64_t used = 0;
    std::int64_t size_seen = -1;  // of one that cannot be read: it is tried again when that changes
  };

  std::string folder_;
  std::vector<HistoryFile> list_;
  std::map<std::string, Opened> opened_;
  std::vector<std::string> problems_;
  std::int64_t listed_at_ns_ = -1;  // the folder's time of change
  bool is_settled_ = false;
  std::uint64_t reading_ = 1;
};

}  // namespace ullage::history
