// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/table_member.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/bpf/task_iterator.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/process_files.h"
#include "sense/proc/used_memory.h"
#include "sense/processes/group_of.h"
#include "sense/processes/process_row.h"
#include "sense/sample.h"

namespace ullage::sense {

using std::chrono::nanoseconds;
using std::chrono::seconds;

namespace {

// A process that sleeps is read again after as many seconds as readings found it unchanged, up to these.
constexpr int kIdleSeconds = 4;
constexpr nanoseconds kTickJitter = std::chrono::milliseconds(300);
// Where the kernel tells which have moved, the others' state alone may be another.
constexpr seconds kUnmovedEvery(10);
constexpr std::uint64_t kClockTickNs = 10'000'000;  // what the times in `stat` are cut off to
constexpr seconds kPlacesEvery(30);                 // cgroup and open files, which `stat` does not show

constexpr std::int64_t kKernelThreadsParent = 2;

bool is_zombie(const ProcessSample& sample) { return sample.state == 'Z' || sample.state == 'X'; }

// a - b, and b raised to a; what fell (as the kernel's scaled times may) counts as nothing.
template <class Number>
Number take_rise(Number total, Number& counted) {
  if (!(total > counted)) return Number();
  const Number rise = total - counted;
  counted = total;
  return rise;
}

}  // namespace

bool is_of_kernel(const ProcessSample& sample) {
  return (sample.pid == kKernelThreadsParent || sample.parent_pid == kKernelThreadsParent) &&
         sample.resident_bytes.value_or(0) == 0 && !is_zombie(sample);
}

bool TableMember::take_stat(std::string_view text, const OsRoot& root, ProcessRow& row, nanoseconds now,
                            nanoseconds before) {
  if (!process.take_stat(text, root, row)) return false;
  // Of one that was born since, its rate is over the time since all were read.
  stat_before_ = row.is_new ? (row.was_born ? before : now) : process.stat_at;
  process.stat_at = now;
  is_stat_new_ = true;
  set_due(row, now);
  return true;
}

void TableMember::take_task(const TaskSums* task, ProcessRow& row) {
  has_task_ = task != nullptr;
  has_moved_ = false;
  if (task == nullptr) return;
  task_ = *task;
  const TaskSums& before = task_at_stat_;
  has_moved_ = task->run_ns - before.run_ns >= kClockTickNs || task->threads != before.threads ||
               task->minor_faults != before.minor_faults || task->major_faults != before.major_faults ||
               task->resident_pages() != before.resident_pages() || task->swap_pages != before.swap_pages ||
               task->name != before.name;
  // Where /proc tells it as well, the kernel accounts it.
  if (!row.sample.read_bytes || !row.sample.written_bytes) return;
  row.sample.read_bytes = std::max(*row.sample.read_bytes, task->read_bytes);
  row.sample.written_bytes = std::max(*row.sample.written_bytes, task->written_bytes);
}

void TableMember::set_due(const ProcessRow& row, nanoseconds now) {
  if (has_task_) {
    task_at_stat_ = task_;
    has_moved_ = false;
    due_ = now + kUnmovedEvery + seconds(row.sample.pid % kUnmovedEvery.count());
    return;
  }
  if (process.has_changed() || row.sample.state == 'R') {
    unchanged_readings_ = 0;
    due_ = now;
    return;
  }
  unchanged_readings_ = std::min(unchanged_readings_ + 1, kIdleSeconds);
  seconds wait(std::min(unchanged_readings_, kIdleSeconds));
  // So that those found together are not read together for ever.
  if (unchanged_readings_ == 1) wait += seconds(row.sample.pid % kIdleSeconds);
  due_ = now + wait - kTickJitter;
}

void TableMember::take_exit(const ExitRecord& record) {
  has_exited_ = true;
  due_ = nanoseconds(0);
  exit_total_ = {.user_seconds = record.user_seconds,
                 .system_seconds = record.system_seconds,
                 .read_bytes = record.read_bytes,
                 .written_bytes = record.written_bytes};
  exit_peak_bytes_ = record.resident_peak_bytes;
}

bool TableMember::wants_details(const ProcessRow& row, nanoseconds now) const {
  if (!has_details) return true;
  if (is_of_kernel(row.sample) || is_zombie(row.sample)) return false;
  return process.has_executed() || process.is_memory_stale() ||
         (process.is_dirty() && !is_denied && !has_task_) || now - places_at_ >= kPlacesEvery;
}

void TableMember::read_details(ProcessFiles& files, ProcessRow& row, nanoseconds now) {
  const bool is_kernel = is_of_kernel(row.sample);
  const bool is_first = !has_details;
  if (process.is_memory_stale()) process.read_status(files, row);
  if (process.has_executed()) {
    process.read_command_line(files, row);
    places_at_ = now - kPlacesEvery;  // whoever starts a service moves it, then executes it
  }
  has_details = true;
  if (is_kernel) return;
  const bool is_turn = is_first || now - places_at_ >= kPlacesEvery;
  if (process.is_dirty() && (is_turn || (!is_denied && !has_task_))) {
    process.read_io(files, row, now);
    is_denied = files.was_denied();
  }
  if (!is_turn) return;
  // So that those found together have their turns apart.
  places_at_ = is_first ? now - row.sample.pid % kPlacesEvery.count() * seconds(1) : now;
  read_cgroup(files, row.sample.pid);
  TrackedProcess::read_open_files(files, row);
}

void TableMember::read_cgroup(ProcessFiles& files, std::int64_t pid) {
  std::array<char, 48> path{};
  fmt::format_to_n(path.data(), path.size() - 1, "{}/cgroup", pid);
  if (const auto text = files.read_once(path.data())) cgroup_path = cgroup_path_of(*text);
}

ResourceUse TableMember::count(const ResourceUse& total) {
  return {.user_seconds = take_rise(total.user_seconds, counted_.user_seconds),
          .system_seconds = take_rise(total.system_seconds, counted_.system_seconds),
          .read_bytes = take_rise(total.read_bytes, counted_.read_bytes),
          .written_bytes = take_rise(total.written_bytes, counted_.written_bytes)};
}

void TableMember::account(ProcessRow& row, nanoseconds now) {
  const ProcessSample& sample = row.sample;
  row.used = count({.user_seconds = sample.user_seconds,
                    .system_seconds = sample.system_seconds,
                    .read_bytes = sample.read_bytes.value_or(0),
                    .written_bytes = sample.written_bytes.value_or(0)});
  count_children(sample);
  if (is_stat_new_) {
    const double elapsed = to_seconds(process.stat_at - stat_before_);
    row.cpu_cores = elapsed > 0 ? (row.used.user_seconds + row.used.system_seconds) / elapsed : 0;
    is_stat_new_ = false;
  }
  growth_.add(now, counted_bytes(sample));
  row.growth_bytes_per_minute = growth_.bytes_per_minute();
}

// What it was credited with before it was first seen is nothing new.
void TableMember::count_children(const ProcessSample& sample) {
  const ResourceUse rise = {
      .user_seconds = take_rise(sample.children_user_seconds, children_.user_seconds),
      .system_seconds = take_rise(sample.children_system_seconds, children_.system_seconds)};
  children_use_ = are_children_known_ ? rise : ResourceUse();
  are_children_known_ = true;
}

ResourceUse TableMember::use_with_children() const {
  return {.user_seconds = counted_.user_seconds + children_.user_seconds,
          .system_seconds = counted_.system_seconds + children_.system_seconds};
}

ResourceUse TableMember::take_last_use() { return has_exited_ ? count(exit_total_) : ResourceUse(); }

}  // namespace ullage::sense
