// SPDX-License-Identifier: Apache-2.0
// Starting a command and living beside it: the child is born in its cgroup, waits at a gate until the first
// sample is taken, and adopts nothing of ours: it gets the signal mask and dispositions that we were started
// with (start_state.h), our process group (terminal.h says why) and no descriptor of ours. Orphans of its
// tree come to us (child subreaper). Our end never kills it, unless asked. One thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "act/command_lookup.h"
#include "base/result.h"

namespace ullage::act {

struct ChildSpec {
  std::vector<std::string> command;             // [0] is looked up in PATH
  std::vector<std::string> environment;         // NAME=value, all of it
  std::string working_directory;                // empty: ours
  int cgroup_fd = -1;                           // v2 folder for CLONE_INTO_CGROUP; -1: none
  std::vector<std::string> cgroup_procs_files;  // v1: written with the child's pid before the gate opens
  std::vector<int> processors;                  // affinity, when limits ask for it; empty: ours
  bool die_with_parent = false;  // --kill-with-me: SIGKILL when the thread that prepared it ends
};

struct ExitStatus {
  std::optional<int> code;
  std::optional<int> signal;
  double user_seconds = 0, system_seconds = 0;  // rusage of it and the children it waited for
  // Of the largest of it and those it waited for, as it is known only of our own child: ru_maxrss survives
  // exec, and is the parent's own where the parent was larger.
  std::optional<std::uint64_t> peak_resident_bytes;
};

class Child {
 public:
  // Forked and waiting; until release() its memory is a copy of ours. An error about the command itself
  // (not found, not executable) is found before the fork and has system_error set; one of our own has not.
  static Result<Child> prepare(const ChildSpec& spec);
  pid_t pid() const;
  int pidfd() const;  // readable when it has ended; -1 before Linux 5.3
  // What kept it out of a cgroup or off its processors, so that a limit does not hold; empty: nothing.
  const std::string& placement_problem() const;
  Result<void> release();  // opens the gate: exec. An exec that fails says so here
  // Reaps: the command's own status once it has ended. Non-blocking.
  std::optional<ExitStatus> try_wait();

  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();  // never kills; one that was not released leaves by itself

 private:
  struct Impl;
  explicit Child(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct Reaped {
  pid_t pid;
  ExitStatus status;
};
// Orphans that were handed to us as their subreaper, but not `except` (the command itself). Stops at an
// ended command that nobody has reaped yet, so try_wait() comes first.
std::vector<Reaped> reap_orphans(pid_t except);
Result<void> become_subreaper();
// Whether there is any child, ended or not: with a subreaper, whether anybody of the tree is left.
bool has_children();

}  // namespace ullage::act
