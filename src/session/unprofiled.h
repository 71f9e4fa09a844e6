// SPDX-License-Identifier: Apache-2.0
// Which of a profiled run's processes keep no profile of their heap, and why: what was started without
// LD_PRELOAD, what is static, what runs with another user's rights. Found by what a process has mapped, so of
// those that live for two looks. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/os_root.h"
#include "sense/proc/process_tree.h"

namespace ullage::session {

class Unprofiled {
 public:
  // library: the profiler's. scanner: what it starts of ours at a process's exit, and is none of the run's.
  Unprofiled(const OsRoot& root, const std::string& library, const std::string& scanner);

  // Nothing is to be said of this program of the process any more: "it is statically linked" was, at the
  // start.
  void leave_out(std::int64_t pid) { left_out_pid_ = pid; }
  // "no heap profile of hold (process 42): it is statically linked", of each program once, and of at most
  // kTold.
  std::vector<std::string> look(std::span<const sense::TreeProcess> living);
  static constexpr std::size_t kTold = 8;

 private:
  struct Program {  // that a process is for the moment
    std::int64_t start_ticks = 0;
    std::string name, command_line;
    bool is_judged = false;
  };
  // True at the second look at what a process runs: at the first it may be about to load its libraries.
  bool is_due(const sense::TreeProcess& process);
  std::optional<std::string> why_not(std::int64_t pid);
  void forget_others(std::span<const sense::TreeProcess> living);

  const OsRoot& root_;
  std::string library_name_, scanner_;
  std::int64_t left_out_pid_ = 0;
  std::unordered_map<std::int64_t, Program> programs_;  // by pid
  std::set<std::string> told_;                          // of which programs
  std::string maps_;                                    // scratch
};

}  // namespace ullage::session
