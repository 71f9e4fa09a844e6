// SPDX-License-Identifier: Apache-2.0
// Looks at a process that is being profiled for blocks that nothing points to any more. The process is
// stopped meanwhile; from outside, so that nothing of it has to be trusted to work at its end.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"
#include "heap/scan/reachability.h"
#include "heap/scan/stopped_process.h"

namespace ullage::heap {

// What lives, as the profiler's file has it.
struct LiveMemory {
  bool is_exact = false;
  std::vector<MemoryRange> blocks;
  std::vector<MemoryRange> mappings;  // that the program has asked for
};
Result<LiveMemory> read_live_memory(const std::string& heap_file);

// What may hold the only pointer to a block: see reachability.h. Of exact profiles, libc's own heap is left
// out, where memory that was given back still holds old pointers.
struct Roots {
  std::vector<MemoryRange> others, cluttered;
};
Roots find_roots(std::span<const MappedRegion> regions, std::span<const ThreadRegisters> threads,
                 const LiveMemory& live);

// Whether the process has the file mapped: its number may be another's by now.
bool is_profiled_to(pid_t pid, const std::string& heap_file, const OsRoot& root);

// PID.lost beside PID.heap: the addresses that were found lost.
std::string lost_file_of(const std::string& heap_file);

// Writes that file; nothing when it does not come to an end in time.
Result<std::uint64_t> scan_process(pid_t pid, const std::string& heap_file, std::chrono::nanoseconds patience,
                                   const Clock& clock, const OsRoot& root);

}  // namespace ullage::heap
