// SPDX-License-Identifier: Apache-2.0
// The file of a tier that is being written now, and those before it that have rewriting left to do. Opens and
// makes files as time goes on; where one is damaged, another part takes its place and the damaged one is left
// to its readers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/store/block_file.h"
#include "history/store/history_files.h"

namespace ullage::history {

class DatedFile {
 public:
  DatedFile(std::string folder, Tier tier) : folder_(std::move(folder)), tier_(tier) {}

  // The file for a tick or bucket of this time, which stays the one until another is asked for.
  Result<BlockFile*> at(std::int64_t time_ms);
  // Time is there now; the file need not be opened yet.
  void aim(std::int64_t time_ms);
  BlockFile* current() const { return file_.get(); }
  bool is_for(std::int64_t time_ms) const;
  // Counts the files: ids in one are good for no other.
  std::uint32_t epoch() const { return epoch_; }
  // Hands the current file over to be finished.
  void retire();
  // After a write failed: whether it was for damage, and another file will be the current one.
  bool give_up_damaged();
  std::size_t damaged_files() const { return damaged_files_; }
  std::string current_name() const { return file_ == nullptr ? "" : span_.name; }

  bool work(std::size_t samples_max);  // true when nothing is left to do
  void close();                        // finishes everything

 private:
  std::string folder_;
  Tier tier_;
  HistoryFile span_;
  std::unique_ptr<BlockFile> file_;
  std::vector<std::unique_ptr<BlockFile>> retired_;
  std::uint32_t epoch_ = 0;
  int first_part_ = 0;
  std::size_t damaged_files_ = 0;
};

}  // namespace ullage::history
