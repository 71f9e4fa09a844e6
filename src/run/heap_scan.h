// SPDX-License-Identifier: Apache-2.0
// Looks in a living run's processes for blocks that nothing points to, as is done at their exit anyway. What
// was found is in the profiles that are loaded while this lives; afterwards it is forgotten, since a process
// that is killed later may have found it again.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"

namespace ullage::run {

class HeapScan {
 public:
  // Stops each process for `patience` at most, one after the other. An error where the run has ended.
  static Result<HeapScan> of(const std::string& run_path, std::chrono::nanoseconds patience,
                             const Clock& clock, const OsRoot& root);
  HeapScan(HeapScan&& other) noexcept;
  HeapScan& operator=(HeapScan&&) = delete;
  ~HeapScan();

  std::size_t processes() const { return found_.size(); }  // that were looked at
  const std::vector<std::string>& problems() const { return problems_; }

 private:
  HeapScan() = default;
  // A process that has ended meanwhile has put a file of its own in the place of ours.
  struct Found {
    std::string path;
    std::uint64_t inode;
  };
  std::vector<Found> found_;
  std::vector<std::string> problems_;
};

}  // namespace ullage::run
