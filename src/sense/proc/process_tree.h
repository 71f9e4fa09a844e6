// SPDX-License-Identifier: Apache-2.0
// A root process and all its descendants, read each tick: found once, then re-read through descriptors
// that stay open (a bounded number of them). Costly fields (PSS, open files, per-thread run-queue wait) are
// read in turn, within a time budget, the large and busy processes more often. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/sample.h"

namespace ullage::sense {

struct TreeOptions {
  std::int64_t root_pid = 0;             // its descendants are the tree; the root itself too if include_root
  bool include_root = true;
  std::string cgroup_folder = {};        // when set, members are read from its cgroup.procs (and below), which is cheaper
  std::size_t open_file_limit = 256;     // descriptors it may keep open; beyond them files are reopened
  double costly_share = 0.002;           // of one core, for PSS and the other costly fields
};

struct TreeProcess {
  ProcessSample sample;                  // costly fields: as last read
  std::string command_line;              // arguments NUL-separated, read once; again after an exec
  bool is_new = false;                   // first seen at this reading
};

class ProcessTree {
 public:
  ProcessTree(OsRoot root, TreeOptions options, const Clock& clock);
  ~ProcessTree();

  // Reads all living members. What vanished half-read is left out. The span is valid until the next call.
  std::span<const TreeProcess> read();
  // Those that were there at the last reading and are not now (as last sampled).
  std::span<const TreeProcess> gone() const;
  // Reads PSS of these now, whatever the budget: to settle whether pages are shared at a new peak.
  // Returns how many could be read; at most `time` is spent.
  std::size_t read_proportional(std::chrono::nanoseconds time);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::sense
