// SPDX-License-Identifier: Apache-2.0
// One process of a tree between readings: its open descriptors, what its last `stat` said, and which of the
// other files have something new to tell. Decides nothing about time; process_tree.cpp does. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "sense/proc/proc_stat.h"
#include "sense/proc/process_files.h"
#include "sense/proc/process_tree.h"
#include "sense/proc/thread_sums.h"

namespace ullage::sense {

struct MemoryNews {
  std::uint64_t resident_pages = 0, minor_faults = 0, major_faults = 0;
};

class TrackedProcess {
 public:
  // Takes in one reading of `stat`. False when the number now belongs to another process, or the text is
  // broken.
  bool take_stat(std::string_view text, const OsRoot& root, TreeProcess& process);
  // What has become of its memory since, by who else tells of it: how much there is, and faults to be added.
  void take_memory(const MemoryNews& news, const OsRoot& root, TreeProcess& process);
  // The split of memory and its high-water mark: status.
  void read_status(ProcessFiles& files, TreeProcess& process);
  // io, switches and run-queue wait, open files.
  void read_counters(ProcessFiles& files, TreeProcess& process, std::chrono::nanoseconds now);
  // Of these, io alone, which is cheap; and open files alone.
  void read_io(ProcessFiles& files, TreeProcess& process, std::chrono::nanoseconds now);
  static void read_open_files(ProcessFiles& files, TreeProcess& process);
  bool read_proportional(ProcessFiles& files, TreeProcess& process, std::chrono::nanoseconds now);
  void read_command_line(ProcessFiles& files, TreeProcess& process);

  // Memory moved so much since the last status that the tick would show it wrong, or may have had a peak
  // between.
  bool is_memory_stale() const;
  // As much has moved since PSS was read, or that was never tried.
  bool is_proportional_stale() const;
  bool has_executed() const { return executed_; }  // since the command line was read
  bool has_changed() const { return changed_; }    // at the last stat, against the one before
  bool is_dirty() const { return dirty_; }         // since the counters were read
  std::uint64_t start_code() const { return start_code_; }
  // Processor time (ticks) and memory (pages) that went by unread.
  double unread_activity() const;

  ProcessHandles handles;
  std::chrono::nanoseconds stat_at{0}, counters_at{0}, proportional_tried_at{0};
  std::chrono::nanoseconds proportional_cost{0};
  bool counters_read = false, proportional_tried = false;
  bool is_gone = false;
  std::optional<std::uint64_t> inherited_bytes;  // what its parent held at the fork; until it executes

 private:
  void read_waits(ProcessFiles& files, TreeProcess& process);

  struct Figures {
    std::uint64_t ticks = 0, faults = 0, resident_pages = 0, threads = 0;
    char state = '?';
    bool operator==(const Figures&) const = default;
  };
  Figures now_, at_status_, at_counters_, at_proportional_;
  std::uint64_t start_code_ = 0;
  bool first_ = true, status_read_ = false, changed_ = true, dirty_ = true, executed_ = true;
  std::unique_ptr<ThreadSums> threads_;
};

}  // namespace ullage::sense
