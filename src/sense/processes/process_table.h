// SPDX-License-Identifier: Apache-2.0
// All processes of the machine, read each tick. What sleeps unchanged is read every few seconds only; what a
// process tells beyond `stat` is read when that moved, within a bounded time a tick, so that thousands which
// appear at once delay no tick; PSS within a budget of its own, in turn. Its parts are those of ProcessTree
// (sense/proc), which watches one run more closely. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/bpf/task_iterator.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/process_tree.h"
#include "sense/processes/process_row.h"

namespace ullage::sense {

struct TableOptions {
  std::size_t open_file_limit = 2048;  // descriptors it may keep open (and at most half of RLIMIT_NOFILE)
  double costly_share = 0.002;         // of one core, for PSS
  std::chrono::nanoseconds details_time = std::chrono::milliseconds(10);  // a tick
  // Whether read() is given exit records. The end of a process is then told when its record has come, so that
  // nothing is counted twice.
  bool has_exit_records = false;
};

// What may not be read by this user: absent from rows and sums, and counted here.
struct HiddenProcesses {
  std::size_t whole = 0;       // there, but nothing of it is told (hidepid=1)
  std::size_t in_part = 0;     // of another user: no I/O, no PSS
  OptionalCount threads = {};  // of processes that are not even listed (hidepid=2), where the mount says so
};

// What the kernel tells of the whole machine besides /proc, where it may be asked.
struct KernelAccounts {
  std::span<const ExitRecord> exits = {};
  std::span<const TaskNews> tasks = {};  // of all, in order of pid; empty: not known
};

class ProcessTable {
 public:
  ProcessTable(const OsRoot& root, const TableOptions& options, const Clock& clock);
  ~ProcessTable();
  ProcessTable(ProcessTable&&) noexcept;
  ProcessTable& operator=(ProcessTable&&) noexcept;

  // All that are alive (and zombies), in order of pid. The span is valid until the next call. Where the tasks
  // are told, they are the list of processes, and only those are read that have moved.
  std::span<const ProcessRow> read(const KernelAccounts& accounts = {},
                                   Freshness freshness = Freshness::usual);
  std::span<const ProcessRow> rows() const;
  // Which of them the last reading had a look at, in order: the others are as they were and have used
  // nothing.
  std::span<const std::size_t> looked_at() const;
  // Those that have ended since the call of read() before the last.
  std::span<const EndedProcess> ended() const;
  HiddenProcesses hidden() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::sense
