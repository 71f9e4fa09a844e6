// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/cgroup_place.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "base/text.h"
#include "sense/cgroup/mount_table.h"

namespace ullage::sense {

namespace {

constexpr std::array<std::string_view, 6> kControllers = {"memory", "cpu",  "cpuacct",
                                                          "cpuset", "pids", "blkio"};

bool lists(const std::vector<std::string>& controllers, std::string_view controller) {
  return std::ranges::find(controllers, controller) != controllers.end();
}

// The folder of the process in one hierarchy. Where several mounts show it, the one with the most ancestors;
// where none does, a mount's top is an ancestor of the process (as in a container that was moved after its
// mounts were made), unless the process stands outside our namespace.
template <class IsOf>
std::string find_folder(const std::vector<CgroupMount>& mounts, std::string_view path, IsOf is_of) {
  const CgroupMount* best = nullptr;
  std::string folder, top;
  for (const CgroupMount& mount : mounts) {
    if (!is_of(mount)) continue;
    if (const auto found = folder_under(mount, path)) {
      if (best != nullptr && best->root.size() <= mount.root.size()) continue;
      best = &mount;
      folder = *found;
    } else if (top.empty() && !path.starts_with("/..") && mount.root != "/") {
      top = mount.folder;
    }
  }
  return best != nullptr ? folder : top;
}

std::string& folder_of(CgroupPlace& place, std::string_view controller) {
  if (controller == "memory") return place.memory;
  if (controller == "cpu") return place.cpu;
  if (controller == "cpuacct") return place.cpuacct;
  if (controller == "cpuset") return place.cpuset;
  return controller == "pids" ? place.pids : place.blkio;
}

// The name that v2 has for it; cpuacct is part of every v2 cgroup's cpu.stat.
std::string_view v2_name(std::string_view controller) {
  if (controller == "blkio") return "io";
  return controller == "cpuacct" ? "cpu" : controller;
}

// The tree's own list, at its visible top: what is switched on further down does not matter for walking up.
bool v2_has(const OsRoot& root, const std::string& unified_top, std::string_view controller) {
  const auto text = read_file(root.path(unified_top + "/cgroup.controllers"));
  if (!text) return false;
  std::string_view rest = *text;
  for (std::string_view word = take_word(rest); !word.empty(); word = take_word(rest))
    if (word == v2_name(controller)) return true;
  return false;
}

}  // namespace

std::string_view to_string(CgroupLayout layout) {
  switch (layout) {
    case CgroupLayout::none:
      return "none";
    case CgroupLayout::v1:
      return "v1";
    case CgroupLayout::v2:
      return "v2";
    case CgroupLayout::hybrid:
      return "hybrid";
  }
  return "none";
}

Result<CgroupPlace> read_cgroup_place(const OsRoot& root, const std::string& pid) {
  const auto memberships_text = read_file(root.path("/proc/" + pid + "/cgroup"));
  // A kernel without cgroups has no such file; a process that has gone has no folder at all.
  if (!memberships_text && file_exists(root.path("/proc/" + pid))) return CgroupPlace{};
  if (!memberships_text) return fail(memberships_text.error());
  // Our own view of the mounts: the other process may live in another mount namespace.
  const auto mounts_text = read_file(root.path("/proc/self/mountinfo"));
  if (!mounts_text) return fail(mounts_text.error());
  const auto mounts = parse_cgroup_mounts(*mounts_text);

  CgroupPlace place;
  std::string unified_top;
  for (const CgroupMount& mount : mounts)
    if (mount.is_v2 && unified_top.empty()) unified_top = mount.folder;
  bool any_v1 = false;
  for (const CgroupMembership& membership : parse_cgroup_memberships(*memberships_text)) {
    if (membership.is_v2)
      place.unified =
          find_folder(mounts, membership.path, [](const CgroupMount& mount) { return mount.is_v2; });
    for (const std::string_view controller : kControllers) {
      if (!lists(membership.controllers, controller)) continue;
      std::string& folder = folder_of(place, controller);
      folder = find_folder(mounts, membership.path,
                           [&](const CgroupMount& mount) { return lists(mount.controllers, controller); });
      any_v1 = any_v1 || !folder.empty();
    }
  }
  const bool has_v2 = !place.unified.empty();
  if (any_v1) place.layout = has_v2 ? CgroupLayout::hybrid : CgroupLayout::v1;
  if (!any_v1 && has_v2) place.layout = CgroupLayout::v2;
  if (!has_v2) return place;
  for (const std::string_view controller : kControllers) {
    std::string& folder = folder_of(place, controller);
    if (folder.empty() && (!any_v1 || v2_has(root, unified_top, controller))) folder = place.unified;
  }
  return place;
}

}  // namespace ullage::sense
