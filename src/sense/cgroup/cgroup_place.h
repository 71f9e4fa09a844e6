// SPDX-License-Identifier: Apache-2.0
// Where a process stands in the cgroup trees of its machine (v2, v1 or hybrid), from /proc/PID/cgroup and
// /proc/self/mountinfo, and the tightest limits on the way up. In a container of 2 GiB the memory limit is
// 2 GiB, whatever the host has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/os_root.h"
#include "base/result.h"

namespace ullage::sense {

enum class CgroupLayout { none, v1, v2, hybrid };  // hybrid: v1 controllers with a v2 tree beside them
std::string_view to_string(CgroupLayout layout);

struct CgroupPlace {
  CgroupLayout layout = CgroupLayout::none;
  // Folders as seen here, absolute without OsRoot's prefix; empty where there is none.
  std::string unified;  // the v2 tree
  std::string memory, cpu, cpuacct, cpuset, pids,
      blkio;  // v1, or the v2 folder where the controller lives there
};
Result<CgroupPlace> read_cgroup_place(const OsRoot& root, const std::string& pid = "self");

struct Capacity {
  std::optional<std::uint64_t>
      memory_bytes;                        // tightest hard limit of all ancestors, and the machine's memory
  std::string memory_source;               // "cgroup /a/b" or "machine"
  double cores = 0;                        // min(affinity, cpuset, quota of every ancestor)
  std::string cores_source;                // "affinity", "cpuset", "quota /a", "machine"
  std::optional<std::uint64_t> processes;  // tightest pids.max
};
// affinity_cores: from sched_getaffinity, passed in; 0 when not known.
Capacity read_capacity(const OsRoot& root, const CgroupPlace& place, unsigned affinity_cores);

// What is left under the tightest ancestor: min over ancestors of (limit − what cannot be reclaimed there),
// and the machine's MemAvailable.
std::optional<std::uint64_t> read_headroom_bytes(const OsRoot& root, const CgroupPlace& place);
// Processes that the kernel has killed for want of memory in this cgroup (and, on v2, below it), ever.
std::optional<std::uint64_t> read_oom_kills(const OsRoot& root, const CgroupPlace& place);

}  // namespace ullage::sense
