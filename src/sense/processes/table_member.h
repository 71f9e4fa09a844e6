// SPDX-License-Identifier: Apache-2.0
// One process of the whole-machine table between readings: when it is to be read again, what of it was
// counted already. A part of process_table.cpp. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/os_root.h"
#include "sense/bpf/task_iterator.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/process_files.h"
#include "sense/proc/tracked_process.h"
#include "sense/processes/growth.h"
#include "sense/processes/process_row.h"

namespace ullage::sense {

// What its group was decided by.
struct NamedFor {
  std::string cgroup_path, command_name;
  std::optional<std::uint32_t> user_id;
  bool is_of_kernel = false;
};

class TableMember {
 public:
  // What the kernel's pass over all tasks tells of it; null: nothing any more. before: when it told last.
  void take_news(const TaskNews* news, const OsRoot& root, ProcessRow& row, std::chrono::nanoseconds now,
                 std::chrono::nanoseconds before);
  bool is_due(std::chrono::nanoseconds now) const { return has_moved_ || now >= due_; }
  // False when the number now belongs to another process, or the text is broken. before: when all was read
  // last.
  bool take_stat(std::string_view text, const OsRoot& root, ProcessRow& row, std::chrono::nanoseconds now,
                 std::chrono::nanoseconds before);
  void take_exit(const ExitRecord& record);
  bool has_exited() const { return has_exited_; }
  std::uint64_t exit_peak_bytes() const { return exit_peak_bytes_; }

  // Everything beyond `stat`, but PSS.
  bool wants_details(const ProcessRow& row, std::chrono::nanoseconds now) const;
  void read_details(ProcessFiles& files, ProcessRow& row, std::chrono::nanoseconds now);
  bool wants_proportional(const ProcessRow& row, std::chrono::nanoseconds now) const;
  // When that was tried last; of one of which it never was, long ago.
  std::chrono::nanoseconds proportional_at() const;

  // What it has used since this was called last, its rate and growth, into the row.
  void account(ProcessRow& row, std::chrono::nanoseconds now);
  // When all of this, but reading PSS, has to be called again though nobody tells anything of it: until then
  // its row stays as it is, but that it uses nothing.
  std::chrono::nanoseconds next_look(const ProcessRow& row, std::chrono::nanoseconds now) const;
  // By how much the credit for its children has risen, as of account().
  const ResourceUse& children_use() const { return children_use_; }
  // Its own use and that of its children, as last read.
  ResourceUse use_with_children() const;
  // At its end: what its exit record tells beyond what was counted.
  ResourceUse take_last_use();

  TrackedProcess process;
  std::string cgroup_path;  // its parent's, until its own is read
  NamedFor named_for;
  bool is_to_be_named = true;  // something that decides its group may have changed
  bool has_details = false;
  bool is_denied = false;  // another user's: its I/O and its mappings are not for us

 private:
  ResourceUse count(const ResourceUse& total);
  void count_children(const ProcessSample& sample);
  void read_cgroup(ProcessFiles& files, std::int64_t pid);
  bool is_io_due() const;
  std::chrono::nanoseconds places_due() const;
  std::chrono::nanoseconds unmoved_proportional_due(const ProcessRow& row) const;
  void set_rate(ProcessRow& row, std::chrono::nanoseconds now);
  void look_at_places(std::chrono::nanoseconds now);
  void set_due(const ProcessRow& row, std::chrono::nanoseconds now);

  std::chrono::nanoseconds due_{0}, stat_before_{0}, places_at_{0}, accounted_at_{0};
  int unchanged_readings_ = 0;
  bool is_stat_new_ = false, has_exited_ = false;
  bool has_run_since_places_ = true;
  bool has_news_ = false;  // the kernel tells whether it has moved
  // Since its stat, its I/O, its cgroup was read.
  bool has_moved_ = false, has_io_ = false, is_elsewhere_ = false;
  std::chrono::microseconds ran_unread_{0};
  std::chrono::nanoseconds ran_after_{0};  // when ran_unread_ was 0 last
  bool has_run_ = false;                   // since account()
  ResourceUse counted_;                    // in the rows it was given so far
  ResourceUse children_, children_use_;
  bool are_children_known_ = false;
  ResourceUse exit_total_;  // its exit record's
  std::uint64_t exit_peak_bytes_ = 0;
  Growth growth_;
};

// A thread of the kernel: a child of kthreadd, which has number 2, and without memory.
bool is_of_kernel(const ProcessSample& sample);

}  // namespace ullage::sense
