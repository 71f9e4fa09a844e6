// SPDX-License-Identifier: Apache-2.0
// A process all of whose threads are stopped (ptrace(2)) while this lives: its registers, what is mapped, and
// its memory. It goes on when this is destroyed, or when the caller dies; what it waited for it waits for.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/os_root.h"
#include "base/result.h"

namespace ullage::heap {

struct ThreadRegisters {
  std::uint64_t stack_pointer = 0;
  std::uint64_t thread_pointer = 0;  // where libc keeps what is of the thread
  std::vector<std::uint64_t> general;
};

struct MappedRegion {
  std::uint64_t begin = 0, end = 0;
  bool is_readable = false, is_writable = false;
  std::string name;  // a path, "[heap]", "[stack]", or empty
};

class StoppedProcess {
 public:
  static Result<StoppedProcess> stop(pid_t pid, const OsRoot& root);
  StoppedProcess(StoppedProcess&& other) noexcept;
  StoppedProcess& operator=(StoppedProcess&&) = delete;
  ~StoppedProcess();

  const std::vector<ThreadRegisters>& threads() const { return registers_; }
  // How many bytes could be read.
  std::size_t read(std::uint64_t address, std::span<std::uint64_t> words) const;

 private:
  StoppedProcess(pid_t pid, const OsRoot& root) : pid_(pid), root_(root) {}
  Result<void> stop_threads();
  Result<void> stop_thread(pid_t thread);
  bool has_pending_signal(pid_t thread) const;

  pid_t pid_;
  const OsRoot& root_;
  struct Thread {
    pid_t id;
    int signal;  // that it was about to be given when it was stopped
  };
  std::vector<Thread> threads_;
  std::vector<ThreadRegisters> registers_;
};

Result<std::vector<MappedRegion>> regions_of(pid_t pid, const OsRoot& root);
// The lines of /proc/PID/maps (proc_pid_maps(5)).
std::vector<MappedRegion> parse_regions(std::string_view text);

}  // namespace ullage::heap
