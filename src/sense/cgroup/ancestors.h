// SPDX-License-Identifier: Apache-2.0
// The cgroups from one up to the top of its tree, as far as the mount shows them. Every folder of a cgroup
// file system holds cgroup.procs and nothing above its mount does: that is where the walk ends.
#pragma once

#include <string>
#include <vector>

#include "base/os_root.h"

namespace ullage::sense {

// Absolute folders without OsRoot's prefix, the innermost first. Empty when there is no such cgroup.
std::vector<std::string> cgroup_and_ancestors(const OsRoot& root, const std::string& folder);

// The path within its tree: "/a/b", "/" at the top.
std::string path_in_tree(const std::vector<std::string>& ancestors, const std::string& folder);

}  // namespace ullage::sense
