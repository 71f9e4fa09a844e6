// SPDX-License-Identifier: Apache-2.0
// Opens a series file to be read wherever it is: beside a living writer, after a killed one, on read-only
// media, cut off at the end. SQLite's write-ahead log wants to make a file in the folder; where it may not,
// a copy elsewhere is read.
#pragma once

#include <string>

#include "base/result.h"
#include "history/sqlite.h"

namespace ullage::history {

// A folder of temporary copies, gone with it.
class ScratchFolder {
 public:
  ScratchFolder() = default;
  ScratchFolder(ScratchFolder&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  ScratchFolder& operator=(ScratchFolder&& other) noexcept;
  ~ScratchFolder();
  static Result<ScratchFolder> make();
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct ReadableDatabase {
  ScratchFolder copies;  // closed after the database: members go in reverse
  Database database;     // within a transaction: all that is read is of one moment
  std::string problem;   // what was wrong with the file, when it can be read all the same
};

// ENODATA: its writer has not come to it yet.
Result<ReadableDatabase> open_for_reading(const std::string& path, std::uint32_t application,
                                          int newest_version);

}  // namespace ullage::history
