// SPDX-License-Identifier: Apache-2.0
// Tells a run whose supervisor lives from one whose supervisor was killed: the supervisor holds a lock on the
// run's file, which the kernel takes away with the process. It is an open-file-description lock on a byte
// that SQLite does not use. Two consequences: a child that is forked without exec holds it too, until its
// copy of the descriptor is closed; and this process must not open() and close() the file itself while SQLite
// has it (history/sqlite.h), which is why runs held here are known without looking.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/result.h"

namespace ullage::run {

class RunLock {
 public:
  static Result<RunLock> take(const std::string& path);
  RunLock(RunLock&& other) noexcept;
  RunLock& operator=(RunLock&& other) noexcept;
  ~RunLock();  // not before SQLite has closed the file

 private:
  RunLock() = default;
  FileDescriptor file_;
  std::pair<std::uint64_t, std::uint64_t> inode_{};
};

// Whether a supervisor, here or in another process, holds this run.
bool is_alive(const std::string& path);

}  // namespace ullage::run
