// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/process_tree.h"

#include <linux/kcmp.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/proc/costly_turn.h"
#include "sense/proc/process_files.h"
#include "sense/proc/tracked_process.h"
#include "sense/proc/tree_members.h"
#include "sense/proc/used_memory.h"
#include "sense/sample.h"

namespace ullage::sense {

using std::chrono::nanoseconds;

namespace {

constexpr nanoseconds kIdleCountersEvery = std::chrono::seconds(5);

// What stat shows to those who may not see (proc_pid_stat(5): startcode): 1, and 0 of those without memory.
constexpr std::uint64_t kHiddenStartCode = 1;
constexpr std::uint64_t kMuchShared = 64;  // of a process's memory, this part

bool share_address_space(std::int64_t a, std::int64_t b) {
  return ::syscall(SYS_kcmp, static_cast<pid_t>(a), static_cast<pid_t>(b), KCMP_VM, 0, 0) == 0;
}

}  // namespace

struct ProcessTree::Impl {
  Impl(OsRoot os_root, TreeOptions tree_options, const Clock& tree_clock)
      : root(std::move(os_root)),
        options(std::move(tree_options)),
        clock(tree_clock),
        files(root, options.open_file_limit),
        members(root, {options.root_pid, options.include_root, options.reaper_pid, options.cgroup_folder},
                files),
        budget(options.costly_share, clock) {}

  OsRoot root;
  TreeOptions options;
  const Clock& clock;
  ProcessFiles files;
  TreeMembers members;
  // In step with each other, in order of pid.
  std::vector<TreeProcess> processes;
  std::vector<TrackedProcess> tracked;
  std::vector<std::int64_t> pids;
  std::vector<TreeProcess> gone;
  std::vector<std::size_t> turn;
  std::vector<ProportionalTurn> proportional_turn;
  CostlyBudget budget;
  nanoseconds last_read{0};
  std::uint64_t departed_bytes = 0;
  nanoseconds departed_at{0};

  void read(Freshness freshness);
  void add_new_members(nanoseconds now, Freshness freshness);
  void insert(std::int64_t pid);
  void read_member(std::size_t index, nanoseconds now, Freshness freshness);
  std::size_t parent_of(std::size_t index) const;  // pids.size() when it is not of the tree
  void mark_borrowers();
  void note_fork(std::size_t index);
  void estimate_forked();
  void drop_gone();
  void note_departed(const TreeProcess& process);
  void forget_departed_if_reread();
  void read_counters_in_turn();
  void read_proportional_in_turn();
};

void ProcessTree::Impl::read(Freshness freshness) {
  const nanoseconds now = clock.monotonic();
  budget.earn(now);
  last_read = now;
  gone.clear();
  for (TreeProcess& process : processes) {
    process.is_new = false;
    process.spike_bytes = 0;
  }
  add_new_members(now, freshness);
  for (std::size_t i = 0; i < processes.size(); ++i) read_member(i, now, freshness);
  mark_borrowers();
  drop_gone();
  read_counters_in_turn();
  read_proportional_in_turn();
  estimate_forked();
  forget_departed_if_reread();
}

void ProcessTree::Impl::add_new_members(nanoseconds now, Freshness freshness) {
  const auto found =
      members.find_new(pids, now, freshness == Freshness::all ? Listing::now : Listing::when_due);
  if (members.listed_at_last_call()) members.account_listing(clock.monotonic() - now);
  for (const std::int64_t pid : found) insert(pid);
}

void ProcessTree::Impl::insert(std::int64_t pid) {
  const auto place = std::ranges::lower_bound(pids, pid) - pids.begin();
  pids.insert(pids.begin() + place, pid);
  processes.emplace(processes.begin() + place)->sample.pid = pid;
  processes[static_cast<std::size_t>(place)].is_new = true;
  tracked.emplace(tracked.begin() + place);
}

void ProcessTree::Impl::read_member(std::size_t index, nanoseconds now, Freshness freshness) {
  TrackedProcess& member = tracked[index];
  TreeProcess& process = processes[index];
  const bool sleeps = !process.is_new && !member.has_changed() && process.sample.state != 'R';
  if (freshness == Freshness::usual && sleeps && now - member.stat_at < options.idle_reread) return;
  const auto text = files.read(pids[index], ProcessFile::stat, member.handles);
  if (!text && files.was_short() && !process.is_new) return;
  if (!text || !member.take_stat(*text, root, process)) {
    member.is_gone = true;
    return;
  }
  member.stat_at = now;
  if (member.is_memory_stale()) budget.pay_for([&] { member.read_status(files, process); });
  if (!member.has_executed()) return;
  if (!process.is_new && member.inherited_bytes) {
    member.inherited_bytes.reset();
    process.proportional.reset();
  }
  member.read_command_line(files, process);
}

std::size_t ProcessTree::Impl::parent_of(std::size_t index) const {
  const std::int64_t parent = processes[index].sample.parent_pid;
  const auto found = std::ranges::lower_bound(pids, parent);
  return static_cast<std::size_t>((found == pids.end() || *found != parent ? pids.end() : found) -
                                  pids.begin());
}

// A parent sleeps uninterruptibly in vfork until its child has executed; only then is the system asked.
void ProcessTree::Impl::mark_borrowers() {
  if (!root.is_live()) return;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    TreeProcess& process = processes[i];
    process.borrows_memory = false;
    const std::size_t parent = parent_of(i);
    if (parent == pids.size()) continue;
    if (processes[parent].sample.state != 'D' || tracked[parent].start_code() != tracked[i].start_code())
      continue;
    process.borrows_memory = share_address_space(pids[i], pids[parent]);
    if (process.borrows_memory) process.spike_bytes = 0;
  }
}

// A child that has executed nothing yet runs its parent's program, and has what that held.
void ProcessTree::Impl::note_fork(std::size_t index) {
  const std::size_t parent = parent_of(index);
  if (parent == pids.size() || tracked[parent].is_gone) return;
  if (tracked[index].start_code() <= kHiddenStartCode ||
      tracked[parent].start_code() != tracked[index].start_code())
    return;
  tracked[index].inherited_bytes = counted_bytes(processes[parent].sample);
}

// A family of forks is counted without PSS, which is of many moments where the truth is of one: who forked
// holds all that it has; a child, what it has faulted in since, at most, or what it has beyond its parent.
// Where shared memory is much of it, PSS has the word.
void ProcessTree::Impl::estimate_forked() {
  for (TreeProcess& process : processes) process.has_forked = false;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    if (processes[i].is_new && !tracked[i].inherited_bytes) note_fork(i);
    processes[i].is_fork = tracked[i].inherited_bytes.has_value();
    const ProcessSample& sample = processes[i].sample;
    const std::uint64_t counted = counted_bytes(sample);
    if (!tracked[i].inherited_bytes || counted == 0) continue;
    if (sample.shared_bytes.value_or(0) > counted / kMuchShared) continue;
    if (const std::size_t parent = parent_of(i); parent < pids.size() && !tracked[parent].inherited_bytes)
      processes[parent].has_forked = true;
    const std::uint64_t beyond = counted - std::min(counted, *tracked[i].inherited_bytes);
    const std::uint64_t faulted = sample.minor_faults * static_cast<std::uint64_t>(root.page_size_bytes);
    processes[i].proportional =
        ProportionalReading{.used_bytes = std::min(counted, std::max(beyond, faulted)),
                            .counted_bytes = counted,
                            .at = last_read};
  }
}

void ProcessTree::Impl::note_departed(const TreeProcess& process) {
  if (!process.proportional || process.proportional->used_bytes >= process.proportional->counted_bytes)
    return;
  departed_bytes += process.proportional->used_bytes;
  departed_at = last_read;
}

void ProcessTree::Impl::forget_departed_if_reread() {
  if (departed_bytes == 0) return;
  for (const TreeProcess& process : processes)
    if (process.proportional && process.proportional->at < departed_at) return;
  departed_bytes = 0;
}

void ProcessTree::Impl::drop_gone() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < processes.size(); ++i) {
    if (tracked[i].is_gone) {
      files.close(tracked[i].handles);
      if (!tracked[i].inherited_bytes) note_departed(processes[i]);
      // One that was never read is nobody's loss here: exit records tell of it.
      if (!processes[i].is_new) gone.push_back(std::move(processes[i]));
      continue;
    }
    if (kept != i) {
      processes[kept] = std::move(processes[i]);
      tracked[kept] = std::move(tracked[i]);
      pids[kept] = pids[i];
    }
    ++kept;
  }
  processes.resize(kept);
  tracked.resize(kept);
  pids.resize(kept);
}

// The new first, then by what they did since their last turn; the idle ones every few seconds, for what
// `stat` does not show (context switches, open files).
void ProcessTree::Impl::read_counters_in_turn() {
  if (budget.is_spent()) return;
  turn.clear();
  for (std::size_t i = 0; i < tracked.size(); ++i)
    if (tracked[i].is_dirty() || last_read - tracked[i].counters_at >= kIdleCountersEvery) turn.push_back(i);
  const auto weight = [&](std::size_t i) {
    const TrackedProcess& member = tracked[i];
    const double waited = to_seconds(last_read - member.counters_at);
    return (member.counters_read ? 0 : 1e9) + member.unread_activity() + waited;
  };
  std::ranges::sort(turn, [&](std::size_t a, std::size_t b) { return weight(a) > weight(b); });
  for (const std::size_t i : turn) {
    if (budget.is_spent()) return;
    budget.pay_for([&] {
      if (tracked[i].is_dirty() && processes[i].sample.state != 'Z')
        tracked[i].read_status(files, processes[i]);
      tracked[i].read_counters(files, processes[i], last_read);
    });
  }
}

void ProcessTree::Impl::read_proportional_in_turn() {
  proportional_turn.clear();
  for (std::size_t i = 0; i < processes.size(); ++i)
    proportional_turn.push_back({.process = &processes[i], .tracked = &tracked[i]});
  sense::read_proportional_in_turn(proportional_turn, files, budget, last_read);
}

ProcessTree::ProcessTree(OsRoot root, TreeOptions options, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(root), std::move(options), clock)) {}
ProcessTree::~ProcessTree() = default;
ProcessTree::ProcessTree(ProcessTree&&) noexcept = default;
ProcessTree& ProcessTree::operator=(ProcessTree&&) noexcept = default;

std::span<const TreeProcess> ProcessTree::read(Freshness freshness) {
  impl_->read(freshness);
  return impl_->processes;
}

std::span<const TreeProcess> ProcessTree::processes() const { return impl_->processes; }

std::uint64_t ProcessTree::departed_bytes() const { return impl_->departed_bytes; }

void ProcessTree::leave_out(std::int64_t pid) { impl_->members.leave_out(pid); }
std::span<const TreeProcess> ProcessTree::gone() const { return impl_->gone; }

std::size_t ProcessTree::read_proportional(nanoseconds time) {
  Impl& impl = *impl_;
  const nanoseconds begin = impl.clock.monotonic();
  impl.turn.resize(impl.processes.size());
  for (std::size_t i = 0; i < impl.turn.size(); ++i) impl.turn[i] = i;
  std::ranges::sort(impl.turn, std::greater{},
                    [&](std::size_t i) { return impl.processes[i].sample.resident_bytes.value_or(0); });
  std::size_t read = 0;
  for (const std::size_t i : impl.turn) {
    const nanoseconds now = impl.clock.monotonic();
    if (now - begin > time) break;
    if (impl.tracked[i].read_proportional(impl.files, impl.processes[i], now)) ++read;
  }
  impl.estimate_forked();
  impl.forget_departed_if_reread();
  return read;
}

}  // namespace ullage::sense
