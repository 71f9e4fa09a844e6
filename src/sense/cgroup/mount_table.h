// SPDX-License-Identifier: Apache-2.0
// /proc/PID/mountinfo (Linux Documentation/filesystems/proc.rst, 3.5) as far as cgroups go, and
// /proc/PID/cgroup (cgroups(7)): where the hierarchies are mounted, and where in each a process is. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ullage::sense {

struct CgroupMount {
  std::string root;    // which part of the hierarchy is mounted: "/", "/docker/12ab", "/.."
  std::string folder;  // where
  bool is_v2 = false;
  std::vector<std::string> controllers;  // v1
};
std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo);

struct CgroupMembership {
  bool is_v2 = false;
  std::vector<std::string> controllers;  // v1
  std::string path;                      // within the hierarchy, as seen from our cgroup namespace
};
std::vector<CgroupMembership> parse_cgroup_memberships(std::string_view text);

// The folder of a cgroup under a mount, or nothing when the mount shows another part of the hierarchy.
std::optional<std::string> folder_under(const CgroupMount& mount, std::string_view path);

}  // namespace ullage::sense
