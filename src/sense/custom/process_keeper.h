// SPDX-License-Identifier: Apache-2.0
// A process between us and a program that we do not trust: whatever the program starts, forks away or leaves
// behind becomes the keeper's child (PR_SET_CHILD_SUBREAPER), and the keeper ends all of it when the program
// has ended, when it is told to, and when we are gone. Runs between fork and exec of a program with threads,
// so it calls nothing but the system.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"

namespace ullage::sense {

struct KeeperReport {
  int exec_errno = 0;  // not 0: the program could not be started
  int status = 0;      // as of waitpid
};

class ProcessKeeper {
 public:
  // Standard output and error are read from the two ends that come back; input is /dev/null.
  static Result<ProcessKeeper> start(const OsRoot& root, const std::string& path,
                                     const std::vector<std::string>& environment);
  ProcessKeeper(ProcessKeeper&& other) noexcept;
  ProcessKeeper& operator=(ProcessKeeper&&) = delete;
  ~ProcessKeeper();  // ends all and reaps the keeper

  int out() const { return out_.get(); }
  int error() const { return error_.get(); }
  // Readable once the program and all that it started have ended; report() reads it.
  int ended() const { return ended_.get(); }
  KeeperReport report() const;
  // Tells the keeper to end all.
  void end_all() { control_.reset(); }
  pid_t pid() const { return pid_; }

 private:
  ProcessKeeper() = default;
  pid_t pid_ = -1;
  FileDescriptor out_, error_, ended_, control_;
};

}  // namespace ullage::sense
