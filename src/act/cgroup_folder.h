// SPDX-License-Identifier: Apache-2.0
// One cgroup that belongs to a run: made, locked while the run lives, removed when nobody lives in it.
// The lock (flock on the folder itself, which cgroup file systems allow) tells a living run's cgroup from a
// dead one's, in every pid namespace alike, and the kernel lets go of it however we end.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ullage::act {

inline constexpr std::string_view kCageNamePrefix = "ullage-";

class CgroupFolder {
 public:
  static Result<CgroupFolder> make(const std::string& parent, const std::string& name);
  const std::string& path() const { return path_; }
  int fd() const { return directory_.get(); }
  bool has(const std::string& file) const;
  Result<std::string> read(const std::string& file) const;  // trimmed
  Result<void> write(const std::string& file, std::string_view text) const;
  // With what was nested in it. False when somebody lives there: it stays.
  bool remove();

 private:
  CgroupFolder(std::string path, FileDescriptor directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}
  std::string path_;
  FileDescriptor directory_;
};

// A file of a cgroup, trimmed.
Result<std::string> read_cgroup_file(const std::string& folder, const std::string& file);
// The processes of a cgroup and of all below it; one of another pid namespace is 0.
std::vector<pid_t> members_of(const std::string& folder);
// The number behind `key` in `file`; nothing when it is not there.
std::optional<std::uint64_t> value_of_key(const std::string& folder, const std::string& file,
                                          std::string_view key);
// The sum of `key` in `file` over a cgroup and all below it.
std::uint64_t sum_of_key(const std::string& folder, const std::string& file, std::string_view key);
// Bottom up, if nobody lives in it.
bool remove_empty_cgroup(const std::string& folder);
// Removes parent/ullage-* that no run holds and nobody lives in. Returns how many.
int remove_unheld_cgroups(const std::string& parent);

}  // namespace ullage::act
