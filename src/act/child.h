// SPDX-License-Identifier: Apache-2.0
// Starting a command and living beside it: the child is born in its cgroup, waits at a gate until the first
// sample is taken, owns the terminal, and gets the signals that we get. Adopts orphans of its tree (child
// subreaper). Changes the machine; decides nothing.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ullage::act {

struct ChildSpec {
  std::vector<std::string> command;             // [0] is looked up in PATH
  std::vector<std::string> environment;         // NAME=value, all of it
  std::string working_directory;                // empty: ours
  int cgroup_fd = -1;                           // v2 folder for CLONE_INTO_CGROUP; -1: none
  std::vector<std::string> cgroup_procs_files;  // v1: written with the child's pid before the gate opens
  std::vector<int> processors;                  // affinity, when limits ask for it; empty: ours
  bool die_with_parent = false;                 // --kill-with-me
};

struct ExitStatus {
  std::optional<int> code;
  std::optional<int> signal;
  double user_seconds = 0, system_seconds = 0;  // rusage of it and the children it waited for
  std::uint64_t max_resident_bytes = 0;         // ru_maxrss; a lie after exec from a large parent
};

class Child {
 public:
  // Forked and waiting. Errors: not found (127) and not executable (126) are found before the fork, by PATH.
  static Result<Child> prepare(const ChildSpec& spec);
  pid_t pid() const;
  int pidfd() const;                             // readable when it has ended
  Result<void> release();                        // opens the gate: exec. An exec that fails says so here
  // Reaps: the command's own status once it has ended. Non-blocking.
  std::optional<ExitStatus> try_wait();

  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();                                      // never kills

 private:
  struct Impl;
  explicit Child(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// 127 and 126, as the shell's; 125 for anything of our own.
int exit_code_of(const Error& prepare_error);

struct Reaped {
  pid_t pid;
  ExitStatus status;
};
// Orphans that were handed to us as their subreaper, but not `except` (the command itself).
std::vector<Reaped> reap_orphans(pid_t except);
Result<void> become_subreaper();

}  // namespace ullage::act
