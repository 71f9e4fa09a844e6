// SPDX-License-Identifier: Apache-2.0
// The books of a run: every process that was seen, reaped or told of by the kernel at its exit, and the
// totals over the living and the dead. The three sources overlap; here each second of CPU is counted once.
// Pure: readings in, totals out. The process table is bounded: lesser rows are folded into one by name.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "act/child.h"
#include "run/record.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/process_tree.h"

namespace ullage::session {

struct Totals {
  double user_seconds = 0, system_seconds = 0;
  std::optional<double> run_queue_wait_seconds;
  std::optional<std::uint64_t> read_bytes, written_bytes;
  std::uint64_t minor_faults = 0, major_faults = 0;
  std::optional<std::uint64_t> voluntary_switches, involuntary_switches;
  // of the living
  std::uint64_t processes = 0, threads = 0;
  std::optional<std::uint64_t> resident_bytes, swap_bytes, open_files;
};

struct HighMark {  // the greatest high-water mark that any one process reached
  std::uint64_t used_bytes = 0;
  std::int64_t time_ms = 0;
  std::string method;  // "process high-water mark" (VmHWM), "taskstats" or "wait4"
};

class Accounts {
 public:
  // supervisor_pid: our own, whose every other child is an orphan of the run.
  Accounts(std::int64_t supervisor_pid, std::size_t table_rows)
      : supervisor_pid_(supervisor_pid), rows_(table_rows) {}

  // A child of the supervisor's own doing (a handler, a guard): not of the run.
  void leave_out(std::int64_t pid) { helpers_.insert(pid); }

  void observe(std::span<const sense::TreeProcess> living, std::span<const sense::TreeProcess> gone,
               std::int64_t now_ms);
  // Keeps the records of the run's own processes: known ones, and those whose ancestors are known.
  void exited(std::span<const sense::ExitRecord> records, std::int64_t now_ms);
  void reaped(std::int64_t pid, const act::ExitStatus& status, std::int64_t now_ms);

  const Totals& totals() const { return totals_; }
  std::uint64_t processes_seen() const { return seen_; }
  // At once: at least one, where any was seen, though it ended before a look found it alive.
  std::uint64_t processes_peak() const { return std::max<std::uint64_t>(peak_alive_, seen_ > 0 ? 1 : 0); }
  const std::optional<HighMark>& high_mark() const { return high_mark_; }
  // Largest peak first; at most table_rows, and a row for each name that the others share.
  std::vector<run::Process> table() const;
  // Who holds most now.
  const sense::ProcessSample* largest() const;

 private:
  // What one process, or many, used. Own use only: not that of children.
  struct Use {
    double user_seconds = 0, system_seconds = 0, run_queue_wait_seconds = 0;
    std::uint64_t read_bytes = 0, written_bytes = 0, minor_faults = 0, major_faults = 0;
    std::uint64_t voluntary_switches = 0, involuntary_switches = 0;
    void add(const Use& other);
    void take_away(const Use& other);
  };
  struct Entry {
    run::Process row;
    sense::ProcessSample last;
    std::uint64_t file_bytes = 0;  // of its mapped files, at most: they are inside its high-water marks
    std::string arguments;         // as last read, for the row's command
    Use use;
    bool alive = true;
    bool is_fork = false;             // its peak is its parent's, mostly, until it executes
    bool recorded = false;            // the kernel's exit record has come: `use` is whole
    std::uint64_t children_read = 0;  // inside its /proc/PID/io once they are reaped
    std::uint64_t children_written = 0;
  };
  struct Waiting {  // for its parent to be known
    sense::ExitRecord record;
    std::int64_t since_ms;
  };

  Entry& begin(std::int64_t pid, std::int64_t parent_pid, const std::string& name, std::int64_t now_ms);
  void end(Entry& entry, std::int64_t now_ms);
  void take_sample(const sense::TreeProcess& process, std::int64_t now_ms);
  void take_record(const sense::ExitRecord& record, std::int64_t now_ms);
  void take_use(Entry& entry);
  static void take_row(Entry& entry);
  static void forget_parents_memory(Entry& entry);
  bool is_ours(const sense::ExitRecord& record, std::int64_t now_ms) const;
  static bool is_fresh(const Entry& entry, std::int64_t now_ms);
  void raise_counters(Totals& now, const Use& use) const;
  void raise_high_mark(std::uint64_t used_bytes, std::int64_t now_ms, const char* method);
  void sum_living();
  void fold_the_lesser(std::int64_t now_ms);

  std::int64_t supervisor_pid_;
  std::size_t rows_;
  std::unordered_map<std::int64_t, Entry> entries_;  // by pid: the living, and the latest dead of each
  std::map<std::string, run::Process> folded_;       // dead rows that the table has no room for, by name
  std::vector<Waiting> waiting_;
  std::set<std::int64_t> helpers_;
  Use ended_;  // of all the dead
  Totals totals_;
  double reaped_user_seconds_ = 0, reaped_system_seconds_ = 0;
  bool knows_wait_ = false, knows_switches_ = false, knows_io_ = false;
  std::uint64_t seen_ = 0, peak_alive_ = 0;
  std::size_t dead_ = 0;
  std::optional<HighMark> high_mark_;
  std::int64_t largest_pid_ = 0;
};

}  // namespace ullage::session
