// SPDX-License-Identifier: Apache-2.0
// The files of a folder for a reader: listed anew when the folder changed, opened when they are asked for,
// and closed again when there are too many, or too many series in them: a day in which processes came and go
// by the hundred thousand must not stay in memory for a question that was asked once. A file that cannot be
// read is told once and left out.
#pragma once

#include <cstddef>
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
  // So many are some 12 MB; a file of them is read anew in less than 0.1 s.
  explicit OpenFiles(std::string folder, std::size_t series_most = 250'000)
      : folder_(std::move(folder)), series_most_(series_most) {}

  Result<void> refresh();
  const std::vector<HistoryFile>& list() const { return list_; }
  // Null for one that cannot be read, or that retention took away meanwhile.
  StoredFile* open(const HistoryFile& file);
  void end_reading();          // lets go of the moment of each, and of files that are too many
  std::size_t series() const;  // in the files that are open, each file's by itself
  std::vector<std::string> problems() const;

 private:
  struct Opened {
    std::unique_ptr<StoredFile> file;  // null: cannot be read as it is now
    std::uint64_t used = 0;
    std::int64_t size_seen = -1;  // of one that cannot be read: it is tried again when that changes
  };

  void close_oldest();

  std::string folder_;
  std::size_t series_most_;
  std::vector<HistoryFile> list_;
  std::map<std::string, Opened> opened_;
  std::vector<std::string> problems_;
  std::int64_t listed_at_ns_ = -1;  // the folder's time of change
  bool is_settled_ = false;
  std::uint64_t reading_ = 1;
};

}  // namespace ullage::history
