// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/mount_table.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "sense/kernel_text.h"

namespace ullage::sense {

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) parts.emplace_back(take_until(text, separator));
  return parts;
}

}  // namespace

// 35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
// number parent device root folder options [tag…] - type source options-of-the-file-system
std::vector<CgroupMount> parse_cgroup_mounts(std::string_view mountinfo) {
  std::vector<CgroupMount> mounts;
  std::string_view line;
  while (take_line(mountinfo, line)) {
    take_word(line), take_word(line), take_word(line);
    const std::string_view root = take_word(line);
    const std::string_view folder = take_word(line);
    const std::size_t dash = line.find(" - ");
    if (root.empty() || folder.empty() || dash == std::string_view::npos) continue;
    line.remove_prefix(dash + 3);
    const std::string_view type = take_word(line);
    if (type != "cgroup" && type != "cgroup2") continue;
    take_word(line);
    CgroupMount mount{.root = unescape_path(root),
                      .folder = unescape_path(folder),
                      .is_v2 = type == "cgroup2",
                      .controllers = {}};
    if (!mount.is_v2) mount.controllers = split(take_word(line), ',');
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

// 4:memory:/user.slice
// 0::/user.slice
std::vector<CgroupMembership> parse_cgroup_memberships(std::string_view text) {
  constexpr std::string_view kDeleted = " (deleted)";
  std::vector<CgroupMembership> memberships;
  std::string_view line;
  while (take_line(text, line)) {
    const std::string_view number = take_until(line, ':');
    const std::string_view controllers = take_until(line, ':');
    if (!to_unsigned(number) || !line.starts_with('/')) continue;
    if (line.ends_with(kDeleted)) line.remove_suffix(kDeleted.size());
    memberships.push_back(
        {.is_v2 = controllers.empty(), .controllers = split(controllers, ','), .path = std::string(line)});
  }
  return memberships;
}

std::optional<std::string> folder_under(const CgroupMount& mount, std::string_view path) {
  std::string_view below = path;
  if (mount.root != "/") {
    if (!below.starts_with(mount.root)) return std::nullopt;
    below.remove_prefix(mount.root.size());
    if (!below.empty() && below.front() != '/') return std::nullopt;
  }
  // Outside of what this namespace and mount may see ("/../../other").
  if (below.starts_with("/..") && (below.size() == 3 || below[3] == '/')) return std::nullopt;
  if (below == "/") below = {};
  return mount.folder + std::string(below);
}

}  // namespace ullage::sense
