// SPDX-License-Identifier: Apache-2.0
#include "sense/disk/mount_list.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

constexpr std::string_view kTypes[] = {
    "autofs",   "binfmt_misc", "bpf",        "cgroup",     "cgroup2",   "configfs", "debugfs", "devpts",
    "devtmpfs", "fusectl",     "hugetlbfs",  "iso9660",    "mqueue",    "nsfs",     "overlay", "proc",
    "procfs",   "pstore",      "rpc_pipefs", "securityfs", "selinuxfs", "squashfs", "sysfs",   "tracefs"};
constexpr std::string_view kTrees[] = {"/dev", "/proc", "/sys"};  // these and what is below
constexpr std::string_view kBelow[] = {"/run/credentials/", "/var/lib/docker/",
                                       "/var/lib/containers/storage/"};

bool has_option(std::string_view options, std::string_view wanted) {
  while (!options.empty())
    if (take_until(options, ',') == wanted) return true;
  return false;
}

}  // namespace

// /dev/vda / ext4 rw,relatime,discard 0 0
std::vector<Mount> parse_mounts(std::string_view text) {
  std::vector<Mount> mounts;
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view device = take_word(line), folder = take_word(line), type = take_word(line),
                           options = take_word(line);
    if (options.empty()) continue;
    Mount mount{unescape_path(device), unescape_path(folder), std::string(type), has_option(options, "ro")};
    const bool is_known = std::ranges::any_of(mounts, [&](const Mount& other) {
      return other.folder == mount.folder && other.device == mount.device && other.type == mount.type;
    });
    if (!is_known && has_space_to_tell(mount.folder, mount.type)) mounts.push_back(std::move(mount));
  }
  return mounts;
}

// ^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)
bool has_space_to_tell(std::string_view folder, std::string_view type) {
  if (std::ranges::find(kTypes, type) != std::end(kTypes)) return false;
  const bool is_in_tree = std::ranges::any_of(kTrees, [&](std::string_view tree) {
    return folder.starts_with(tree) && (folder.size() == tree.size() || folder[tree.size()] == '/');
  });
  return !is_in_tree && std::ranges::none_of(kBelow, [&](std::string_view tree) {
    return folder.starts_with(tree) && folder.size() > tree.size();
  });
}

}  // namespace ullage::sense
