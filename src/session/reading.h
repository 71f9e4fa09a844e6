// SPDX-License-Identifier: Apache-2.0
// All that is read of one run: its processes, exit records, cgroup and machine, each at its own cadence, put
// together into a Look. Owns the readers; knows nothing of storing or judging. One thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/cgroup/cgroup_reader.h"
#include "sense/host/host_reader.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/process_tree.h"
#include "session/accounts.h"
#include "session/recorder.h"

namespace ullage::session {

struct ReadingOptions {
  std::int64_t command_pid = 0;
  std::int64_t supervisor_pid = 0;
  std::string cage_folder;    // the run's own v2 cgroup, or empty
  sense::CgroupPlace around;  // where we stand
  sense::CgroupPlace cgroup;  // whose figures are read: the run's own, else the one around it
  bool cgroup_is_own = false;
  double costly_share = 0.002;
};

class Reading {
 public:
  Reading(const OsRoot& root, const Clock& clock, ReadingOptions options);

  // processes: all of them, and nothing else; everything: the machine too, whenever it was read last.
  enum class Depth { usual, processes, everything };
  // The spans in the look are valid until the next take. Books what it finds in `accounts`.
  Look take(std::int64_t time_ms, Depth depth, Accounts& accounts);
  // Before the command's first instruction: the machine and the cgroup only.
  Look take_start(std::int64_t time_ms);
  // "taskstats", "cgroup" or "wait4 and samples": who counts children that live between two looks.
  std::string counted_by() const;
  // A child of our own doing, before it starts anything.
  void leave_out(pid_t pid) { tree_.leave_out(pid); }
  // The living, zombies left out, as of the last take.
  const std::vector<pid_t>& members() const { return members_; }
  std::uint64_t lost_records() const { return exit_records_ ? exit_records_->lost() : 0; }

 private:
  bool read_cgroup(Depth depth);  // whether all of it
  void reckon_used(Look& look);
  bool is_settling_due(bool rests) const;
  void settle();

  OsRoot root_;
  const Clock& clock_;
  ReadingOptions options_;
  sense::ProcessTree tree_;
  sense::HostReader host_reader_;
  sense::CgroupReader cgroup_reader_;
  std::optional<sense::ExitRecords> exit_records_;
  sense::CgroupSample cgroup_;
  sense::HostSample host_;
  std::optional<std::uint64_t> headroom_bytes_;
  std::chrono::nanoseconds host_read_at_{-1'000'000'000'000}, cgroup_read_at_{-1'000'000'000'000};
  std::uint64_t certain_peak_ = 0;
  double likely_factor_ = 1;  // of PSS to what was likely, when it was last read
  std::uint64_t last_upper_bytes_ = 0;
  std::chrono::nanoseconds began_{0}, settled_at_{0}, settling_cost_{0}, settling_spent_{0};
  std::vector<pid_t> members_;
};

}  // namespace ullage::session
