// SPDX-License-Identifier: Apache-2.0
#include "session/reading.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/host/host_text.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/process_tree.h"
#include "sense/proc/used_memory.h"
#include "session/accounts.h"
#include "session/recorder.h"

namespace ullage::session {

namespace {

using std::chrono::nanoseconds;

// The machine's figures change slowly beside a run's, and reading them costs as much as fifty processes.
constexpr nanoseconds kMachineEvery = std::chrono::milliseconds(500);
// Limits, marks and pressure of the cgroup: dearer to read than its use, and none turns at once.
constexpr nanoseconds kCgroupAllEvery = std::chrono::milliseconds(200);
// So many processes keep their descriptors, as far as we may have them.
constexpr std::size_t kOpenFiles = 2048;
// What PSS may take when processes that share may have reached a new peak together.
constexpr nanoseconds kSettlingTime = std::chrono::milliseconds(5);

sense::TreeOptions tree_options(const ReadingOptions& options) {
  return {.root_pid = options.command_pid,
          .reaper_pid = options.supervisor_pid,
          .cgroup_folder = options.cage_folder,
          .open_file_limit = kOpenFiles,
          .costly_share = options.costly_share};
}

std::optional<sense::ExitRecords> open_exit_records() {
  auto records = sense::ExitRecords::open();
  if (!records) return std::nullopt;  // without the privilege: counted_by() says what is used instead
  return *std::move(records);
}

}  // namespace

Reading::Reading(const OsRoot& root, const Clock& clock, ReadingOptions options)
    : root_(root),
      clock_(clock),
      options_(std::move(options)),
      tree_(root, tree_options(options_), clock),
      host_reader_(root),
      meminfo_(root.path("/proc/meminfo")),
      cgroup_reader_(root, options_.cgroup),
      exit_records_(open_exit_records()) {}

Look Reading::take_start(std::int64_t time_ms) {
  cgroup_ = cgroup_reader_.read();
  host_ = host_reader_.read();
  host_read_at_ = clock_.monotonic();
  headroom_bytes_ = sense::read_headroom_bytes(root_, options_.around);
  return {.time_ms = time_ms,
          .cgroup = &cgroup_,
          .host = &host_,
          .used_bytes = 0,
          .headroom_bytes = headroom_bytes_};
}

Look Reading::take(std::int64_t time_ms, Depth depth, Accounts& accounts) {
  const auto living =
      tree_.read(depth == Depth::usual ? sense::Freshness::usual : sense::Freshness::all);
  // After the processes: a record that comes now is of one that was still seen, or never was.
  if (exit_records_) accounts.exited(exit_records_->read(), time_ms);
  accounts.observe(living, tree_.gone(), time_ms);
  members_.clear();
  for (const sense::TreeProcess& process : living)
    if (process.sample.state != 'Z' && process.sample.state != 'X')
      members_.push_back(static_cast<pid_t>(process.sample.pid));

  Look look{.time_ms = time_ms, .living = living, .gone = tree_.gone()};
  if (depth == Depth::processes) return look;
  read_cgroup(depth);
  look.cgroup = &cgroup_;
  if (depth == Depth::everything || clock_.monotonic() - host_read_at_ >= kMachineEvery) {
    host_ = host_reader_.read();
    host_read_at_ = clock_.monotonic();
    headroom_bytes_ = sense::read_headroom_bytes(root_, options_.around);
    look.host = &host_;
  }
  look.headroom_bytes = headroom_bytes_;
  look.used_bytes = used_bytes();
  return look;
}

void Reading::read_cgroup(Depth depth) {
  const nanoseconds now = clock_.monotonic();
  const bool all = depth == Depth::everything || now - cgroup_read_at_ >= kCgroupAllEvery;
  if (all) cgroup_read_at_ = now;
  using Which = sense::CgroupReader::Which;
  cgroup_ = cgroup_reader_.read(all ? Which::all : Which::quick);
}

std::optional<std::uint64_t> Reading::used_bytes() {
  if (options_.cgroup_is_own)
    if (const auto used = cgroup_.used_bytes()) return used;
  std::uint64_t shared = UINT64_MAX;
  const auto reckon = [&] {
    sense::UsedMemory used = sense::used_memory(tree_.processes(), tree_.departed_bytes(), shared);
    if (!sense::needs_shared_sum(used, used_peak_)) return used;
    if (const auto text = meminfo_.read(meminfo_text_))
      shared = sense::parse_shared(*text).value_or(UINT64_MAX);
    return sense::used_memory(tree_.processes(), tree_.departed_bytes(), shared);
  };
  sense::UsedMemory used = reckon();
  if (sense::needs_proportional(used, used_peak_)) {
    tree_.read_proportional(kSettlingTime);
    used = reckon();  // reading has taken time, in which they may have grown
  }
  used_peak_ = std::max(used_peak_, used.peak_bytes);
  return used.peak_bytes;
}

std::string Reading::counted_by() const {
  if (exit_records_) return "taskstats";
  if (options_.cgroup_is_own && cgroup_.usage_seconds) return "cgroup";
  return "wait4 and samples";
}

}  // namespace ullage::session
