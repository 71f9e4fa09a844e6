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
#include "sense/kernel_file.h"
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
  // The living, zombies left out, as of the last take.
  const std::vector<pid_t>& members() const { return members_; }
  std::uint64_t lost_records() const { return exit_records_ ? exit_records_->lost() : 0; }

 private:
  void read_cgroup(Depth depth);
  std::optional<std::uint64_t> used_bytes();

  OsRoot root_;
  const Clock& clock_;
  ReadingOptions options_;
  sense::ProcessTree tree_;
  sense::HostReader host_reader_;
  sense::KernelFile meminfo_;
  std::string meminfo_text_;
  sense::CgroupReader cgroup_reader_;
  std::optional<sense::ExitRecords> exit_records_;
  sense::CgroupSample cgroup_;
  sense::HostSample host_;
  std::optional<std::uint64_t> headroom_bytes_;
  std::chrono::nanoseconds host_read_at_{-1'000'000'000'000}, cgroup_read_at_{-1'000'000'000'000};
  std::uint64_t used_peak_ = 0;
  std::vector<pid_t> members_;
};

}  // namespace ullage::session
