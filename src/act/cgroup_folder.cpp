// SPDX-License-Identifier: Apache-2.0
#include "act/cgroup_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"

namespace ullage::act {
namespace {

constexpr int kMakeAttempts = 3;

std::vector<std::string> subfolders(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(folder.c_str()), ::closedir);
  if (!directory) return names;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

void add_members(const std::string& folder, std::vector<pid_t>& members) {
  if (const auto text = read_file(folder + "/cgroup.procs")) {
    std::string_view rest = *text;
    while (!rest.empty())
      if (const auto pid = to_signed(take_until(rest, '\n'))) members.push_back(static_cast<pid_t>(*pid));
  }
  for (const std::string& name : subfolders(folder)) add_members(folder + "/" + name, members);
}

bool remove_bottom_up(const std::string& folder) {
  for (const std::string& name : subfolders(folder)) remove_bottom_up(folder + "/" + name);
  return ::rmdir(folder.c_str()) == 0 || errno == ENOENT;
}

bool is_same_folder(int directory, const std::string& path) {
  struct stat held = {}, named = {};
  return ::fstat(directory, &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino &&
         held.st_dev == named.st_dev;
}

// Made and locked, and still there: a clean-up may have taken it for a dead run's between the two.
std::optional<FileDescriptor> make_and_lock(const std::string& path, int& error_number) {
  if (::mkdir(path.c_str(), 0755) != 0) {
    error_number = errno;
    return std::nullopt;
  }
  error_number = EAGAIN;
  auto directory = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!directory || ::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) return std::nullopt;
  if (!is_same_folder(directory->get(), path)) return std::nullopt;
  return std::move(*directory);
}

}  // namespace

Result<CgroupFolder> CgroupFolder::make(const std::string& parent, const std::string& name) {
  const std::string path = parent + "/" + name;
  int error_number = 0;
  for (int attempt = 0; attempt < kMakeAttempts; ++attempt) {
    if (auto directory = make_and_lock(path, error_number)) return CgroupFolder(path, std::move(*directory));
    if (error_number != EAGAIN) break;
  }
  return fail_errno("cannot make the cgroup", path, error_number);
}

bool CgroupFolder::has(const std::string& file) const {
  return ::faccessat(directory_.get(), file.c_str(), F_OK, 0) == 0;
}

Result<std::string> CgroupFolder::read(const std::string& file) const {
  return read_cgroup_file(path_, file);
}

Result<void> CgroupFolder::write(const std::string& file, std::string_view text) const {
  return write_kernel_file(path_ + "/" + file, text);
}

bool CgroupFolder::remove() {
  if (!directory_.is_open()) return true;
  if (!remove_empty_cgroup(path_)) return false;
  directory_.reset();
  return true;
}

Result<std::string> read_cgroup_file(const std::string& folder, const std::string& file) {
  auto text = read_file(folder + "/" + file);
  if (!text) return pass_on(text);
  return std::string(trim(*text));
}

std::vector<pid_t> members_of(const std::string& folder) {
  std::vector<pid_t> members;
  add_members(folder, members);
  return members;
}

std::optional<std::uint64_t> value_of_key(const std::string& folder, const std::string& file,
                                          std::string_view key) {
  const auto text = read_file(folder + "/" + file);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view line = take_until(rest, '\n');
    if (take_word(line) == key) return to_unsigned(trim(line));
  }
  return std::nullopt;
}

std::uint64_t sum_of_key(const std::string& folder, const std::string& file, std::string_view key) {
  std::uint64_t sum = value_of_key(folder, file, key).value_or(0);
  for (const std::string& name : subfolders(folder)) sum += sum_of_key(folder + "/" + name, file, key);
  return sum;
}

bool remove_empty_cgroup(const std::string& folder) {
  // First asked, because a living run nested in it has cgroups that are empty until its command is born.
  if (!members_of(folder).empty()) return false;
  return remove_bottom_up(folder);
}

int remove_unheld_cgroups(const std::string& parent) {
  int removed = 0;
  for (const std::string& name : subfolders(parent)) {
    if (!name.starts_with(kCageNamePrefix)) continue;
    const std::string path = parent + "/" + name;
    const auto directory = open_file(path, O_RDONLY | O_DIRECTORY);
    if (!directory || ::flock(directory->get(), LOCK_EX | LOCK_NB) != 0) continue;
    if (remove_empty_cgroup(path)) ++removed;
  }
  return removed;
}

}  // namespace ullage::act
