// SPDX-License-Identifier: Apache-2.0
// All cgroups of the machine, whatever the layout: the folders of every hierarchy that tells something (v2,
// and of v1 memory, cpu, cpuacct, pids, blkio), put together by their path. Looked through from the top, so
// that a bound leaves out the deepest. Found anew each time; keeps nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/os_root.h"
#include "base/result.h"
#include "sense/cgroup/cgroup_place.h"

namespace ullage::sense {

struct FoundCgroup {
  std::string path;         // "/" at the visible top, "/system.slice/cron.service"
  std::string folder;       // one of its folders, without OsRoot's prefix,
  std::uint64_t inode = 0;  // and its number there: another one under the same name has another
  CgroupPlace place;
};

struct FoundCgroups {
  std::vector<FoundCgroup> cgroups;  // in order of path
  std::size_t left_out = 0;          // of one hierarchy, beyond the bound
};
Result<FoundCgroups> find_cgroups(const OsRoot& root, std::size_t cgroups_most);

// The number of a folder now; 0 when it is gone.
std::uint64_t inode_of(const OsRoot& root, const std::string& folder);

}  // namespace ullage::sense
