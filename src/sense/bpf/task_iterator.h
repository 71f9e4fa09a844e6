// SPDX-License-Identifier: Apache-2.0
// All processes of the machine, and which of them have moved, in one pass through the kernel at a third of a
// microsecond each (one, before Linux 6.7): a BPF program that the kernel runs (tasks.bpf.c), where that is
// allowed (root or CAP_BPF and CAP_PERFMON) and the kernel tells its types (BTF). What their figures are now
// is left to /proc, but for memory and faults (docs/decisions/0006-the-kernel-says-who-moved.md). libbpf is
// opened when it is first needed; a build without clang for BPF has no program, and open() says so. One
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"

namespace ullage::sense {

// Of one process with all its threads, since the reading before; of one that is new, since its birth.
struct TaskNews {
  std::int64_t pid = 0;
  std::chrono::microseconds ran{0};  // on processors; up to a microsecond a thread too much
  bool has_moved = false;         // its address space, name, number of threads: some are others than before
  bool has_io = false;            // with storage
  bool is_elsewhere = false;      // in another cgroup
  bool memory_has_moved = false;  // there is more or less of it, or it had faults; then these tell:
  std::uint64_t resident_pages = 0, minor_faults = 0, major_faults = 0;  // faults since the reading before
};

// Who walks the tasks: the program itself where the kernel lets it, or only the kernel's iterator.
enum class TaskWalk : unsigned char { best, iterator };

class TaskIterator {
 public:
  // An error says what is missing: the program, libbpf, the privilege, the kernel's types; or that we are in
  // a PID namespace of our own, where the kernel's numbers are not those of /proc.
  static Result<TaskIterator> open(TaskWalk walk = TaskWalk::best);
  ~TaskIterator();
  TaskIterator(TaskIterator&&) noexcept;
  TaskIterator& operator=(TaskIterator&&) noexcept;

  // All of them, in order of pid; valid until the next call. Empty when the kernel refuses. It may keep
  // single ones to itself that it lists in /proc (those that a security module protects).
  std::span<const TaskNews> read();

 private:
  struct Impl;
  explicit TaskIterator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::sense
