// SPDX-License-Identifier: Apache-2.0
// All processes of the machine in one pass through the kernel, at half a microsecond each: a BPF program that
// the kernel runs for every task (tasks.bpf.c), where that is allowed (root or CAP_BPF and CAP_PERFMON) and
// the kernel tells its types (BTF). libbpf is opened when it is first needed; a build without clang for BPF
// has no program, and open() says so. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ullage::sense {

struct TaskSums {  // of one process, its ended threads included
  std::int64_t pid = 0;
  std::int64_t parent_pid = 0;
  std::array<char, 16> name{};
  std::uint64_t threads = 0;
  std::uint64_t run_ns = 0;                  // exact
  std::uint64_t user_ns = 0, system_ns = 0;  // as sampled at clock ticks; /proc scales them to the exact sum
  std::uint64_t minor_faults = 0, major_faults = 0;
  std::uint64_t read_bytes = 0, written_bytes = 0;
  bool has_memory = false;
  std::uint64_t file_pages = 0, anonymous_pages = 0, swap_pages = 0, shared_pages = 0;

  std::uint64_t resident_pages() const { return file_pages + anonymous_pages + shared_pages; }
};

class TaskIterator {
 public:
  // An error says what is missing: the program, libbpf, the privilege, the kernel's types; or that we are in
  // a PID namespace of our own, where the kernel's numbers are not those of /proc.
  static Result<TaskIterator> open();
  ~TaskIterator();
  TaskIterator(TaskIterator&&) noexcept;
  TaskIterator& operator=(TaskIterator&&) noexcept;

  // In order of pid; valid until the next call. Empty when the kernel refuses.
  std::span<const TaskSums> read();

 private:
  struct Impl;
  explicit TaskIterator(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::sense
