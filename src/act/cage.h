// SPDX-License-Identifier: Apache-2.0
// The cgroup of one run, and its limits: an own or delegated cgroup v2, else cgroup v1 where writable, else
// affinity (cpus) and "supervisor", by which the session is told to hold the limit itself from its samples.
// Never RLIMIT_AS: it is not resident memory and breaks CUDA, Java and Go. Each limit is read back after it
// is set. Without limits only a v2 cgroup is made, where that is allowed (on v1 one write to cgroup.procs
// costs 8-12 ms). Cgroups of dead runs are cleaned up.
//
// What a limit means: memory is memory.max, with as much swap again where swap is accounted (as Docker has
// it); memory.high is never set, and memory.oom.group neither: the kernel picks its victim, as everywhere.
// cpus is a quota in periods of 100 ms. On hybrids a run may have both: v2 for its figures, v1 for its
// limits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/os_root.h"
#include "base/result.h"

namespace ullage::act {

struct LimitRequest {
  std::optional<std::uint64_t> memory_bytes = {};
  std::optional<double> cores = {};
  std::optional<std::uint64_t> processes = {};
  bool any() const { return memory_bytes || cores || processes; }
};

enum class Mechanism { cgroup_v2, cgroup_v1, affinity, supervisor };
std::string_view to_string(Mechanism mechanism);  // "cgroup v2", "cgroup v1", "affinity", "supervisor"

struct HeldLimit {
  std::string resource;  // "memory", "cpus", "pids"
  double asked = 0;
  std::optional<double> got = {};  // read back; absent when the supervisor is to hold it
  Mechanism mechanism = Mechanism::supervisor;
  std::string problem = {};  // why nothing better could be had; or that the limit is above the machine
};

// Folders that sense::read_cgroup_place found for this process; act does not look for them itself. A v1
// folder that is the v2 one (where the controller lives there) is taken for none.
struct CageSites {
  std::string unified;  // our own v2 folder, empty when there is none
  std::string memory_v1, cpu_v1, pids_v1;
};

class Cage {
 public:
  // Makes what it can; what it cannot is in limits(), never an error. run_id names the cgroups
  // ("ullage-<id>"); a file lock on them, held while we live, tells a living one from a stale one.
  static Cage prepare(const OsRoot& root, const CageSites& sites, const std::string& run_id,
                      const LimitRequest& request);
  int cgroup_fd() const;                        // for CLONE_INTO_CGROUP; -1
  const std::string& unified_folder() const;    // the run's own v2 folder, or empty
  const std::string& memory_v1_folder() const;  // the run's own v1 folders, or empty
  const std::string& cpu_v1_folder() const;
  const std::vector<std::string>& v1_procs_files()
      const;                                   // cgroup.procs files that the child's pid goes into
  const std::vector<int>& processors() const;  // affinity to set in the child, or empty
  const std::vector<HeldLimit>& limits() const;
  // By the kernel in this cage and below so far; absent when no cgroup of it counts memory.
  std::optional<std::uint64_t> oom_kills() const;
  // Processes and threads that could not be started for the limit on their number; of nested cgroups as far
  // as the kernel counts them here.
  std::uint64_t refused_starts() const;
  // Where the supervisor holds it, only limits() changes.
  Result<void> change_memory_limit(std::uint64_t bytes);
  // The command did not get into it: nothing is held, nor told, by these cgroups.
  void give_up(const std::string& problem);
  // cgroup.kill or signals, for at most a tenth of a second; false when there is no cgroup or some live on.
  bool kill_all();
  void remove();  // when empty; else it is left for the next clean-up

  Cage(Cage&&) noexcept;
  Cage& operator=(Cage&&) noexcept;
  ~Cage();  // removes what is empty

 private:
  struct Impl;
  explicit Cage(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Removes cgroups "ullage-*" where prepare() makes them, whose run is dead and that are empty. Returns how
// many.
int remove_stale_cages(const OsRoot& root, const CageSites& sites);

}  // namespace ullage::act
