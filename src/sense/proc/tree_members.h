// SPDX-License-Identifier: Apache-2.0
// Finds the processes of a tree that were not known yet: from the cgroup.procs of a folder and those below
// it, or by parentage from one listing of /proc. Membership sticks: an orphan stays, whoever adopts it. A
// listing is made only when the machine has given out a new process number since the last (the last field of
// /proc/loadavg), or after some seconds. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "sense/proc/process_files.h"

namespace ullage::sense {

enum class Listing { when_due, now };

class TreeMembers {
 public:
  struct Origin {
    std::int64_t root_pid = 0;
    bool include_root = true;
    std::int64_t reaper_pid = 0;     // its descendants, but not itself, are of the tree too; 0: none
    std::string cgroup_folder = {};  // when set, it alone decides
  };
  TreeMembers(const OsRoot& root, Origin origin, ProcessFiles& files);

  // Those not among `known` (ascending) as of now, ascending; valid until the next call. `now` is monotonic.
  std::span<const std::int64_t> find_new(std::span<const std::int64_t> known, std::chrono::nanoseconds now,
                                         Listing listing);
  // A child of the reaper's own doing: it and what it starts are not of the tree.
  void leave_out(std::int64_t pid);
  // What the last listing took: the caller's clock is the judge of when the next is affordable.
  void account_listing(std::chrono::nanoseconds cost) { listing_cost_ = cost; }
  bool listed_at_last_call() const { return listed_; }

 private:
  struct Stranger {
    std::int64_t pid;
    std::int64_t parent_pid;
    bool resolved = false;
  };
  bool is_listing_due(std::chrono::nanoseconds now);
  void find_by_parent(std::span<const std::int64_t> known);
  void find_in_cgroup(const std::string& folder, std::span<const std::int64_t> known, int depth);
  bool resolve(Stranger& stranger, std::span<const std::int64_t> known);
  std::int64_t parent_of(std::int64_t pid);

  OsRoot root_;
  Origin origin_;
  ProcessFiles& files_;
  FileDescriptor loadavg_;
  std::string last_pid_;
  bool listed_ = false, ever_listed_ = false;
  std::chrono::nanoseconds listed_at_{0}, listing_cost_{0};
  std::string text_;
  std::vector<std::int64_t> listing_, found_;
  std::vector<std::int64_t> outsiders_, next_outsiders_;  // ascending
  std::vector<Stranger> strangers_, waiting_;             // waiting: their parent was not to be seen
};

}  // namespace ullage::sense
