// SPDX-License-Identifier: Apache-2.0
#include "sense/cgroup/cgroup_tree.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/cgroup/mount_table.h"

namespace ullage::sense {

namespace {

constexpr int kDepthMost = 32;

struct Controller {
  std::string_view name;
  std::string CgroupPlace::* folder;
};
constexpr std::array<Controller, 5> kControllers = {{{"memory", &CgroupPlace::memory},
                                                     {"cpu", &CgroupPlace::cpu},
                                                     {"cpuacct", &CgroupPlace::cpuacct},
                                                     {"pids", &CgroupPlace::pids},
                                                     {"blkio", &CgroupPlace::blkio}}};

// One mount and what its folders tell.
struct Hierarchy {
  std::string top;
  bool is_v2 = false;
  std::vector<std::string CgroupPlace::*> tells;
};

// Where a hierarchy is mounted several times, that which shows most of it.
const CgroupMount* find_mount(const std::vector<CgroupMount>& mounts, const auto& is_of) {
  const CgroupMount* best = nullptr;
  for (const CgroupMount& mount : mounts)
    if (is_of(mount) && (best == nullptr || mount.root.size() < best->root.size())) best = &mount;
  return best;
}

std::vector<Hierarchy> find_hierarchies(const std::vector<CgroupMount>& mounts) {
  std::vector<Hierarchy> hierarchies;
  const auto of = [&](const CgroupMount& mount) -> Hierarchy& {
    const auto known = std::ranges::find(hierarchies, mount.folder, &Hierarchy::top);
    if (known != hierarchies.end()) return *known;
    return hierarchies.emplace_back(Hierarchy{.top = mount.folder, .is_v2 = mount.is_v2});
  };
  const CgroupMount* unified = find_mount(mounts, [](const CgroupMount& mount) { return mount.is_v2; });
  if (unified != nullptr) of(*unified);
  for (const Controller& controller : kControllers) {
    const CgroupMount* mount = find_mount(mounts, [&](const CgroupMount& candidate) {
      return std::ranges::find(candidate.controllers, controller.name) != candidate.controllers.end();
    });
    // What no v1 hierarchy has may be with v2; where it is not switched on, its files are not there.
    if (mount == nullptr) mount = unified;
    if (mount != nullptr) of(*mount).tells.push_back(controller.folder);
  }
  return hierarchies;
}

std::vector<std::string> folders_below(const std::string& full) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(full.c_str()), &::closedir);
  if (!folder) return names;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

class Walk {
 public:
  Walk(const OsRoot& root, std::size_t cgroups_most) : root_(root), cgroups_most_(cgroups_most) {}

  void visit(const Hierarchy& hierarchy) {
    std::vector<std::string> level = {""};
    for (int depth = 0; !level.empty() && depth < kDepthMost; ++depth) {
      std::vector<std::string> next;
      for (const std::string& below : level) visit(hierarchy, below, next);
      level.swap(next);
    }
    most_left_out_ = std::max(most_left_out_, std::exchange(left_out_, 0));
  }

  FoundCgroups take() && {
    FoundCgroups found{.cgroups = {}, .left_out = most_left_out_};
    for (auto& [path, cgroup] : found_) found.cgroups.push_back(std::move(cgroup));
    return found;
  }

 private:
  void visit(const Hierarchy& hierarchy, const std::string& below, std::vector<std::string>& next) {
    const std::string folder = hierarchy.top + below;
    const std::string full = root_.path(folder);
    struct stat info{};
    if (::stat(full.c_str(), &info) != 0) return;
    // A folder without others in it has two links (kernfs, fs/kernfs/inode.c); some file systems always
    // say 1.
    if (info.st_nlink != 2)
      for (const std::string& name : folders_below(full)) next.push_back(below + '/' + name);
    const std::string path = below.empty() ? "/" : below;
    auto known = found_.find(path);
    if (known == found_.end()) {
      if (found_.size() >= cgroups_most_) {
        ++left_out_;
        return;
      }
      known = found_.emplace(path, FoundCgroup{.path = path, .folder = folder, .inode = info.st_ino}).first;
    }
    CgroupPlace& place = known->second.place;
    if (hierarchy.is_v2) place.unified = folder;
    for (std::string CgroupPlace::* tells : hierarchy.tells) place.*tells = folder;
  }

  const OsRoot& root_;
  std::size_t cgroups_most_;
  std::map<std::string, FoundCgroup> found_;
  std::size_t left_out_ = 0, most_left_out_ = 0;
};

}  // namespace

Result<FoundCgroups> find_cgroups(const OsRoot& root, std::size_t cgroups_most) {
  const auto mounts = read_file(root.path("/proc/self/mountinfo"));
  if (!mounts) return fail(mounts.error());
  const auto hierarchies = find_hierarchies(parse_cgroup_mounts(*mounts));
  if (hierarchies.empty()) return fail("no cgroup file system is mounted", "/proc/self/mountinfo");
  Walk walk(root, cgroups_most);
  for (const Hierarchy& hierarchy : hierarchies) walk.visit(hierarchy);
  return std::move(walk).take();
}

std::uint64_t inode_of(const OsRoot& root, const std::string& folder) {
  struct stat info{};
  return ::stat(root.path(folder).c_str(), &info) == 0 ? info.st_ino : 0;
}

}  // namespace ullage::sense
