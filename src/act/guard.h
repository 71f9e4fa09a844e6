// SPDX-License-Identifier: Apache-2.0
// What must be done when we die, by whatever death: a guard is a small process that waits for its starter to
// go away and then lets the stopped continue (a thaw guard), or kills the run (a kill guard).
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ullage::act {

struct ThawGuard {
  pid_t pid = 0;        // a child of ours, to be reaped as any
  FileDescriptor hold;  // it holds until this is closed, by us or by the kernel at our death
};
Result<ThawGuard> start_thaw_guard(const std::vector<pid_t>& stopped);

// Kills a run whose supervisor has died: all in its cgroup v2, where it has one of its own; and those it was
// told of last with all that descend from them by now. Whom it cannot reach without a cgroup: who was born
// since, and whose parent has ended since, too. Destroyed in good order it kills nobody.
class KillGuard {
 public:
  // cgroup_fd: the run's own v2 folder, or -1. Before the command is started.
  static Result<KillGuard> start(int cgroup_fd);
  pid_t pid() const { return pid_; }  // a child of ours, which no wait for any child sees

  struct Member {
    pid_t pid = 0;
    std::int64_t start_ticks = 0;  // since boot, as in /proc/PID/stat: its number may be another's by then
  };
  static constexpr std::size_t kMembersMax = 32'768;
  // Who lives in the run now, the first kMembersMax of them: a copy into memory that both see.
  void watch(std::span<const Member> members);

  KillGuard(KillGuard&& other) noexcept;
  KillGuard& operator=(KillGuard&& other) noexcept;
  ~KillGuard();

 private:
  struct Shared;
  KillGuard() = default;
  pid_t pid_ = 0;
  FileDescriptor hold_;
  Shared* shared_ = nullptr;
};

}  // namespace ullage::act
