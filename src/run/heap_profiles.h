// SPDX-License-Identifier: Apache-2.0
// A run's heap profiles, one a process. While the run lives they are the profiler's own mapped files in
// runs/<id>.heap/; at its end, or by the first reader after its supervisor was killed, they are given their
// names and folded into the run's file, and the folder goes. docs/formats/heap.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "heap/profile.h"

namespace ullage::run {

// The folder that belongs to a run's file.
std::string heap_folder(const std::string& run_path);

// The profiler's own files in that folder: PID.heap, or PID-N.heap of a process that became another program.
std::vector<std::string> living_heap_files(const std::string& run_path);

// Whether the run was profiled: its file or its folder says so.
bool has_heap(const std::string& run_path);

// Of all its processes, by their start. Folds first, where that can be; else, of a run that lives or lies on
// a disk that cannot be written, as far as they are now. What of a process cannot be read is a problem of its
// profile.
Result<std::vector<heap::Profile>> load_heap(const std::string& run_path);

// In place of those in the file. Not while the run lives.
Result<void> save_heap(const std::string& run_path, std::span<const heap::Profile> profiles);

// Nothing to do when there is no folder. Refuses while the run lives (the supervisor's RunFile must be gone,
// not only closed), and where a newer Ullage's files lie in
// the folder. All are stored or none: killed at any time, or beside another that folds the same, it leaves
// either the folder or the profiles, at most both.
struct FoldedHeap {
  struct Problem {
    std::uint32_t pid = 0;
    std::string text;
  };
  std::vector<Problem> problems;  // of the profiles: what could not be recorded, or was damaged
};
Result<FoldedHeap> fold_heap(const std::string& run_path);

}  // namespace ullage::run
