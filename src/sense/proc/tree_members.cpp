// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/tree_members.h"

#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"
#include "sense/proc/proc_stat.h"
#include "sense/proc/process_files.h"

namespace ullage::sense {

namespace {

// Without a new number there may still be new members: those moved into the cgroup, and those of another PID
// namespace whose /proc is mounted here.
constexpr std::chrono::nanoseconds kCgroupListingAtLeastEvery = std::chrono::seconds(1);
constexpr std::chrono::nanoseconds kListingAtLeastEvery = std::chrono::seconds(5);
constexpr int kListingCostShare =
    50;  // a listing may take a fiftieth of one core, on a machine full of processes
constexpr int kCgroupDepth = 32;

bool contains(std::span<const std::int64_t> ascending, std::int64_t pid) {
  return std::binary_search(ascending.begin(), ascending.end(), pid);
}

}  // namespace

TreeMembers::TreeMembers(const OsRoot& root, Origin origin, ProcessFiles& files)
    : root_(root), origin_(std::move(origin)), files_(files) {
  if (auto opened = open_file(root_.path("/proc/loadavg"), O_RDONLY)) loadavg_ = std::move(*opened);
}

bool TreeMembers::is_listing_due(std::chrono::nanoseconds now) {
  const auto at_least = origin_.cgroup_folder.empty() ? kListingAtLeastEvery : kCgroupListingAtLeastEvery;
  if (!ever_listed_ || now - listed_at_ >= at_least) return true;
  if (now - listed_at_ < listing_cost_ * kListingCostShare) return false;
  // "0.16 0.08 0.04 2/100 8070": the last number given out (loadavg_proc_show, fs/proc/loadavg.c).
  if (!loadavg_.is_open() || !read_into(loadavg_.get(), text_)) return true;
  std::string_view rest = trim(text_);
  const std::string_view last = rest.substr(rest.rfind(' ') + 1);
  return last != last_pid_;
}

std::span<const std::int64_t> TreeMembers::find_new(std::span<const std::int64_t> known,
                                                    std::chrono::nanoseconds now, Listing listing) {
  found_.clear();
  listed_ = listing == Listing::now || is_listing_due(now);
  if (!listed_) return found_;
  ever_listed_ = true;
  listed_at_ = now;
  // Read before the listing: a process born between the two is then found at the next call.
  if (loadavg_.is_open() && read_into(loadavg_.get(), text_)) {
    const std::string_view rest = trim(text_);
    last_pid_.assign(rest.substr(rest.rfind(' ') + 1));
  }
  if (!origin_.cgroup_folder.empty())
    find_in_cgroup(root_.path(origin_.cgroup_folder), known, 0);
  else
    find_by_parent(known);
  std::ranges::sort(found_);
  found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
  return found_;
}

void TreeMembers::leave_out(std::int64_t pid) {
  outsiders_.insert(std::ranges::upper_bound(outsiders_, pid), pid);
}

void TreeMembers::find_in_cgroup(const std::string& folder, std::span<const std::int64_t> known, int depth) {
  // A threaded cgroup refuses (EOPNOTSUPP); its processes stand in the folder above.
  if (auto procs = open_file(folder + "/cgroup.procs", O_RDONLY); procs && read_into(procs->get(), text_)) {
    std::string_view rest = text_;
    while (!rest.empty()) {
      const auto pid = to_signed(take_until(rest, '\n'));
      // 0 stands for a process outside our PID namespace.
      if (pid && *pid > 0 && !contains(known, *pid)) found_.push_back(*pid);
    }
  }
  if (depth == kCgroupDepth) return;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (std::error_code kind; at->is_directory(kind) && !at->is_symlink(kind))
      find_in_cgroup(at->path().string(), known, depth + 1);
}

void TreeMembers::find_by_parent(std::span<const std::int64_t> known) {
  if (!files_.list_numbers(".", listing_)) return;
  if (!std::ranges::is_sorted(listing_)) std::ranges::sort(listing_);
  next_outsiders_.clear();
  strangers_.clear();
  // Reaped: whoever gets its number later is not of this tree.
  if (!contains(listing_, origin_.root_pid)) origin_.root_pid = 0;
  for (const std::int64_t pid : listing_) {
    if (contains(known, pid)) continue;
    if (contains(outsiders_, pid) || pid == origin_.reaper_pid) {
      next_outsiders_.push_back(pid);
    } else if (pid == origin_.root_pid) {
      if (origin_.include_root) found_.push_back(pid);
    } else if (const std::int64_t parent = parent_of(pid); parent >= 0) {
      strangers_.push_back({pid, parent});
    }
  }
  outsiders_.swap(next_outsiders_);
  // Parents mostly have the smaller numbers, so one round is nearly always enough.
  for (bool more = true; more;) {
    more = false;
    for (Stranger& stranger : strangers_) more = (!stranger.resolved && resolve(stranger, known)) || more;
  }
  std::erase_if(strangers_, [](const Stranger& stranger) { return stranger.resolved; });
  // A parent that died before we looked: the kernel gives its children another, which the next listing shows.
  // The same parent again is one that we may not see (hidepid).
  for (const Stranger& stranger : strangers_)
    for (const Stranger& before : waiting_)
      if (before.pid == stranger.pid && before.parent_pid == stranger.parent_pid)
        outsiders_.insert(std::ranges::upper_bound(outsiders_, stranger.pid), stranger.pid);
  waiting_.swap(strangers_);
}

bool TreeMembers::resolve(Stranger& stranger, std::span<const std::int64_t> known) {
  const std::int64_t parent = stranger.parent_pid;
  const auto is_found = [&] { return std::ranges::find(found_, parent) != found_.end(); };
  // Nobody is the parent of the kernel's threads and of the first process of a namespace.
  if (parent != 0 &&
      (parent == origin_.root_pid || parent == origin_.reaper_pid || contains(known, parent) || is_found())) {
    found_.push_back(stranger.pid);
    stranger.resolved = true;
  } else if (parent == 0 || contains(outsiders_, parent)) {
    outsiders_.insert(std::ranges::upper_bound(outsiders_, stranger.pid), stranger.pid);
    stranger.resolved = true;
  }
  return stranger.resolved;
}

std::int64_t TreeMembers::parent_of(std::int64_t pid) {
  ProcessHandles none;
  const auto text = files_.read(pid, ProcessFile::stat, none);
  files_.close(none);
  if (!text) return -1;
  const auto stat = parse_proc_stat(*text);
  return stat ? stat->parent_pid : -1;
}

}  // namespace ullage::sense
