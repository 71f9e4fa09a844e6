// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/ancestors.h"

#include <string>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"

namespace ullage::sense {

std::vector<std::string> cgroup_and_ancestors(const OsRoot& root, const std::string& folder) {
  std::vector<std::string> ancestors;
  for (std::string at = folder; at.size() > 1; at.resize(at.rfind('/'))) {
    if (file_exists(root.path(at + "/cgroup.procs")))
      ancestors.push_back(at);
    else if (!ancestors.empty())
      break;  // above the mount; a cgroup that was removed below it is passed over
    if (at.rfind('/') == std::string::npos) break;
  }
  return ancestors;
}

std::string path_in_tree(const std::vector<std::string>& ancestors, const std::string& folder) {
  if (ancestors.empty() || folder.size() <= ancestors.back().size()) return "/";
  return folder.substr(ancestors.back().size());
}

}  // namespace ullage::sense
