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
// What PSS may take to settle whether processes that share have reached a new peak together: some at once,
// and a share of the time that goes by.
constexpr nanoseconds kSettlingAtOnce = std::chrono::milliseconds(150);
constexpr double kSettlingShare = 0.002;
constexpr nanoseconds kSettlingEvery = std::chrono::seconds(1);
constexpr nanoseconds kSettlingLongest = std::chrono::seconds(1);

// Growth between the look before a settling and its end that leaves it exact enough: the promise is 2 %.
constexpr std::uint64_t kAtRestShare = 128;
constexpr std::uint64_t kAtRestBytes = 1 << 20;

// Where pages are shared, PSS that was read at different moments does not add up: only one reading of all,
// when nothing grows, tells how much it is.
bool is_in_doubt(const sense::UsedMemory& used) {
  const bool shares = used.upper_bytes > used.best_bytes + used.best_bytes / 50;
  return shares || sense::needs_proportional(used);
}

std::uint64_t largest_of(std::span<const sense::TreeProcess> processes) {
  std::uint64_t largest = 0;
  for (const sense::TreeProcess& process : processes)
    if (!process.borrows_memory) largest = std::max(largest, sense::counted_bytes(process.sample));
  return largest;
}

// Before PSS has told: shared memory is mostly one segment that all have, anonymous memory mostly each one's
// own.
double likely_of(std::span<const sense::TreeProcess> processes) {
  std::uint64_t own = 0, shared = 0;
  for (const sense::TreeProcess& process : processes) {
    if (process.borrows_memory) continue;
    const std::uint64_t segment = process.sample.shared_bytes.value_or(0);
    own += sense::counted_bytes(process.sample) - segment;
    shared = std::max(shared, segment);
  }
  return static_cast<double>(own + shared);
}

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
      cgroup_reader_(root, options_.cgroup),
      exit_records_(open_exit_records()) {}

Look Reading::take_start(std::int64_t time_ms) {
  cgroup_ = cgroup_reader_.read();
  host_ = host_reader_.read();
  began_ = host_read_at_ = clock_.monotonic();
  headroom_bytes_ = sense::read_headroom_bytes(root_, options_.around);
  return {.time_ms = time_ms,
          .cgroup = &cgroup_,
          .host = &host_,
          .used_bytes = 0,
          .headroom_bytes = headroom_bytes_};
}

Look Reading::take(std::int64_t time_ms, Depth depth, Accounts& accounts) {
  const auto living = tree_.read(depth == Depth::usual ? sense::Freshness::usual : sense::Freshness::all);
  accounts.observe(living, tree_.gone(), time_ms);
  // After the processes: whoever ended since they were read is known by now.
  if (exit_records_) accounts.exited(exit_records_->read(), time_ms);
  members_.clear();
  for (const sense::TreeProcess& process : living)
    if (process.sample.state != 'Z' && process.sample.state != 'X')
      members_.push_back(static_cast<pid_t>(process.sample.pid));

  Look look{.time_ms = time_ms, .living = living, .gone = tree_.gone()};
  if (depth == Depth::processes) return look;
  look.cgroup_is_whole = read_cgroup(depth);
  look.cgroup = &cgroup_;
  if (depth == Depth::everything || clock_.monotonic() - host_read_at_ >= kMachineEvery) {
    host_ = host_reader_.read();
    host_read_at_ = clock_.monotonic();
    headroom_bytes_ = sense::read_headroom_bytes(root_, options_.around);
    look.host = &host_;
  }
  look.headroom_bytes = headroom_bytes_;
  reckon_used(look);
  return look;
}

bool Reading::read_cgroup(Depth depth) {
  const nanoseconds now = clock_.monotonic();
  const bool all = depth == Depth::everything || now - cgroup_read_at_ >= kCgroupAllEvery;
  if (all) cgroup_read_at_ = now;
  using Which = sense::CgroupReader::Which;
  cgroup_ = cgroup_reader_.read(all ? Which::all : Which::quick);
  return all;
}

void Reading::reckon_used(Look& look) {
  if (options_.cgroup_is_own)
    if (const auto used = cgroup_.used_bytes()) {
      look.used_bytes = look.certain_bytes = used;
      look.dirty_bytes = cgroup_.dirty_bytes;
      return;
    }
  sense::UsedMemory used = sense::used_memory(look.living, tree_.departed_bytes());
  const std::uint64_t before = std::exchange(last_upper_bytes_, used.upper_bytes);
  const bool rests = used.upper_bytes <= before + before / 100;
  bool is_certain = !is_in_doubt(used);
  if (!is_certain && used.upper_bytes > certain_peak_ && is_settling_due(rests)) {
    settle();
    used = sense::used_memory(tree_.processes(), tree_.departed_bytes());
    is_certain = used.upper_bytes <= before + std::max(kAtRestBytes, used.best_bytes / kAtRestShare);
    likely_factor_ = static_cast<double>(used.best_bytes) / std::max(likely_of(look.living), 1.0);
  }
  const std::uint64_t least = largest_of(look.living);
  look.certain_bytes = is_certain ? used.peak_bytes : least;
  const auto likely = static_cast<std::uint64_t>(likely_of(look.living) * likely_factor_);
  look.used_bytes =
      is_certain ? used.peak_bytes : std::clamp(likely, least, std::max(least, used.best_bytes));
  certain_peak_ = std::max(certain_peak_, *look.certain_bytes);
}

// While memory grows its peak is still to come, and the PSS of one process read before another maps the same
// pages counts them twice: so when the growth has come to rest, or a second has gone by; and if there is
// time.
bool Reading::is_settling_due(bool rests) const {
  const nanoseconds now = clock_.monotonic();
  if (!rests && now - settled_at_ < kSettlingEvery) return false;
  const auto earned =
      std::chrono::duration_cast<nanoseconds>((now - began_) * kSettlingShare) + kSettlingAtOnce;
  return settling_spent_ + settling_cost_ <= earned;
}

// All of them in one go, or what is shared would be counted by the sharers of different moments.
void Reading::settle() {
  settled_at_ = clock_.monotonic();
  tree_.read_proportional(kSettlingLongest);
  settling_cost_ = clock_.monotonic() - settled_at_;
  settling_spent_ += settling_cost_;
}

std::string Reading::counted_by() const {
  if (exit_records_) return "taskstats";
  if (options_.cgroup_is_own && cgroup_.usage_seconds) return "cgroup";
  return "wait4 and samples";
}

}  // namespace ullage::session
