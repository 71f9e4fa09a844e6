// SPDX-License-Identifier: Apache-2.0
// A root process and all its descendants, read each tick: found once, then re-read through descriptors
// that stay open (a bounded number of them). Costly fields (PSS, open files, per-thread run-queue wait) are
// read in turn, within a time budget, the large and busy processes more often. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/sample.h"

namespace ullage::sense {

struct TreeOptions {
  std::int64_t root_pid = 0;  // its descendants are the tree; the root itself too if include_root
  bool include_root = true;
  // The child subreaper that adopts orphans (the caller itself, mostly): all its descendants but not itself
  // are of the tree, so a daemon that forked twice stays in it. 0: there is none.
  std::int64_t reaper_pid = 0;
  std::string cgroup_folder =
      {};  // when set, members are read from its cgroup.procs (and below), which is cheaper
  std::size_t open_file_limit = 256;  // descriptors it may keep open (and at most half of RLIMIT_NOFILE)
  double costly_share = 0.002;        // of one core, for PSS and the other costly fields
  // A sleeping process in which nothing changed is read again after this time, not at every tick.
  std::chrono::nanoseconds idle_reread = std::chrono::milliseconds(200);
};

// PSS at one moment beside what the process counted as its own then: the ratio tells how much is shared.
struct ProportionalReading {
  std::uint64_t used_bytes = 0;     // as ProcessSample::proportional_used_bytes
  std::uint64_t counted_bytes = 0;  // anonymous + shared + swap, each page whole
  std::chrono::nanoseconds at{0};   // monotonic
};

struct TreeProcess {
  ProcessSample sample;      // costly fields: as last read
  std::string command_line;  // arguments NUL-separated, read once; again after an exec
  bool is_new = false;       // first seen at this reading
  std::optional<ProportionalReading> proportional;
  // It runs in its parent's address space for the moment (vfork, before the exec): the memory is the
  // parent's.
  bool borrows_memory = false;
  // It has executed nothing since its fork, so what it holds is its parent's, mostly.
  bool is_fork = false;
  // It has children that hold its pages since a fork: these count here, whatever PSS says of their shares.
  bool has_forked = false;
  // By how much its memory stood above the sampled figure at some moment since the reading before (VmHWM
  // rose).
  std::uint64_t spike_bytes = 0;
};

// Usual: a sleeping process in which nothing changed is taken as it was for a while (idle_reread), and new
// members are looked for when that is due. All: everything is read, whatever it costs.
enum class Freshness { usual, all };

class ProcessTree {
 public:
  ProcessTree(OsRoot root, TreeOptions options, const Clock& clock);
  ~ProcessTree();
  ProcessTree(ProcessTree&&) noexcept;
  ProcessTree& operator=(ProcessTree&&) noexcept;

  // Reads all living members (a zombie, too, until it is waited for; it holds no memory). What vanished
  // half-read is left out. The span is valid until the next call.
  std::span<const TreeProcess> read(Freshness freshness = Freshness::usual);
  // As of the last read(), with what read_proportional() has added.
  std::span<const TreeProcess> processes() const;
  // A child of the reaper's own doing, before it starts anything: not of the tree.
  void leave_out(std::int64_t pid);
  // Those that were there at the reading before and are not now (as last sampled).
  std::span<const TreeProcess> gone() const;
  // Reads PSS of these now, whatever the budget, the largest first: to settle whether pages are shared at a
  // new peak. Returns how many could be read; no new one is begun after `time`. The last read()'s span shows
  // them.
  std::size_t read_proportional(std::chrono::nanoseconds time);
  // PSS of processes that shared pages with others and are gone: those others' shares are larger now, by at
  // most this, until they are read again. See used_memory.h.
  std::uint64_t departed_bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::sense
