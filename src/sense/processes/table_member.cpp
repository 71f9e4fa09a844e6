// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/table_member.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/bpf/task_iterator.h"
#include "sense/proc/costly_turn.h"
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
// Where the kernel tells who has run: one that ran too little to show in its times may have another state, or
// credit for a child; one that did not run at all is what it was.
constexpr seconds kHardlyRanWait(5), kUnmovedEvery(60);
constexpr std::chrono::milliseconds kClockTick(10);  // what the times in `stat` are cut off to
// Cgroup and open files, which `stat` does not show: of one that runs; and of one that sleeps, whom others
// may move to another cgroup. Where the kernel tells of that, cgroups are read only then.
constexpr seconds kPlacesEvery(30), kSleepersPlacesEvery(120);
// PSS of one whose own memory did not move: others may have come to share it, or gone.
constexpr seconds kUnmovedProportionalEvery(600);  // and up to as much more, so that they are read apart

constexpr double kUsualSeconds = 30;
constexpr double kSettledCores = 1e-4;  // so near to what it comes to, a mean is there

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
  is_to_be_named = is_to_be_named || named_for.command_name != row.sample.name ||
                   named_for.is_of_kernel != is_of_kernel(row.sample);
  // Of one that was born since, its rate is over the time since all were read.
  stat_before_ = row.is_new ? (row.was_born ? before : now) : process.stat_at;
  // Where the kernel tells that it slept meanwhile, over the time after.
  if (ran_unread_.count() > 0) stat_before_ = std::max(stat_before_, ran_after_);
  process.stat_at = now;
  is_stat_new_ = true;
  has_run_since_places_ = has_run_since_places_ || process.has_changed();
  set_due(row, now);
  return true;
}

void TableMember::take_news(const TaskNews* news, const OsRoot& root, ProcessRow& row, nanoseconds now,
                            nanoseconds before) {
  if (has_news_ && news == nullptr) due_ = now;  // no more is told of it
  has_news_ = news != nullptr;
  if (news == nullptr) return;
  if (news->ran.count() > 0 && ran_unread_.count() == 0) {
    due_ = std::min(due_, now + kHardlyRanWait);
    ran_after_ = before;
  }
  ran_unread_ += news->ran;
  has_run_ = has_run_ || news->ran.count() > 0;
  has_moved_ = has_moved_ || news->has_moved || ran_unread_ >= kClockTick;
  has_io_ = has_io_ || news->has_io;
  if (news->memory_has_moved) {
    process.take_memory({.resident_pages = news->resident_pages,
                         .minor_faults = news->minor_faults,
                         .major_faults = news->major_faults},
                        root, row);
    has_run_since_places_ = true;
  }
  if (news->is_elsewhere) look_at_places(now);
}

void TableMember::look_at_places(nanoseconds now) {
  places_at_ = now - kPlacesEvery;
  has_run_since_places_ = is_elsewhere_ = true;
}

void TableMember::set_due(const ProcessRow& row, nanoseconds now) {
  has_moved_ = false;
  ran_unread_ = {};
  if (has_news_ && row.sample.state != 'R') {
    // So that those found together are not read together for ever.
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
  return process.has_executed() || process.is_memory_stale() || is_io_due() || now >= places_due();
}

bool TableMember::wants_proportional(const ProcessRow& row, nanoseconds now) const {
  if (!has_details || is_denied || !is_worth_proportional(row)) return false;
  return process.is_proportional_stale() || now >= unmoved_proportional_due(row);
}

nanoseconds TableMember::proportional_at() const {
  return process.proportional_tried ? process.proportional_tried_at : -std::chrono::hours(1);
}

nanoseconds TableMember::unmoved_proportional_due(const ProcessRow& row) const {
  const seconds apart(row.sample.pid % kUnmovedProportionalEvery.count());
  return process.proportional_tried_at + kUnmovedProportionalEvery + apart;
}

nanoseconds TableMember::places_due() const {
  if (has_run_since_places_) return places_at_ + kPlacesEvery;
  return has_news_ ? nanoseconds::max() : places_at_ + kSleepersPlacesEvery;
}

bool TableMember::is_io_due() const { return !is_denied && (has_news_ ? has_io_ : process.is_dirty()); }

void TableMember::read_details(ProcessFiles& files, ProcessRow& row, nanoseconds now) {
  const bool is_kernel = is_of_kernel(row.sample);
  const bool is_first = !has_details;
  if (process.is_memory_stale()) process.read_status(files, row);
  if (process.has_executed()) {
    process.read_command_line(files, row);
    look_at_places(now);  // whoever starts a service moves it, then executes it
  }
  is_to_be_named = is_to_be_named || is_first;  // what is its own, not its parent's
  has_details = true;
  if (is_kernel) return;
  const bool is_turn = is_first || now >= places_due();
  if (is_io_due() || (is_turn && is_denied && process.is_dirty())) {
    process.read_io(files, row, now);
    has_io_ = false;
    is_denied = files.was_denied();
  }
  if (!is_turn) return;
  // So that those found together have their turns apart.
  places_at_ = is_first ? now - row.sample.pid % kSleepersPlacesEvery.count() * seconds(1) : now;
  has_run_since_places_ = false;
  if (is_first || is_elsewhere_ || !has_news_) read_cgroup(files, row.sample.pid);
  is_elsewhere_ = false;
  TrackedProcess::read_open_files(files, row);
}

void TableMember::read_cgroup(ProcessFiles& files, std::int64_t pid) {
  std::array<char, 48> path{};
  fmt::format_to_n(path.data(), path.size() - 1, "{}/cgroup", pid);
  const auto text = files.read_once(path.data());
  if (!text || cgroup_path_of(*text) == cgroup_path) return;
  cgroup_path = cgroup_path_of(*text);
  is_to_be_named = true;
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
  set_rate(row, now);
  growth_.add(now, counted_bytes(sample));
  row.growth_bytes_per_minute = growth_.bytes_per_minute();
  row.growing_seconds.reset();
  if (const auto rising = growth_.rising_for(now)) row.growing_seconds = to_seconds(*rising);
}

void TableMember::set_rate(ProcessRow& row, nanoseconds now) {
  if (is_stat_new_) {
    const double elapsed = to_seconds(process.stat_at - stat_before_);
    row.cpu_cores = elapsed > 0 ? (row.used.user_seconds + row.used.system_seconds) / elapsed : 0;
    accounted_at_ = std::max(accounted_at_, stat_before_);
  } else if (has_news_ && !has_run_) {
    row.cpu_cores = 0;
  }
  const double gained = 1 - std::exp(-to_seconds(now - accounted_at_) / kUsualSeconds);
  row.usual_cpu_cores += gained * (row.cpu_cores - row.usual_cpu_cores);
  accounted_at_ = now;
  is_stat_new_ = has_run_ = false;
}

nanoseconds TableMember::next_look(const ProcessRow& row, nanoseconds now) const {
  const bool is_waiting = has_moved_ || wants_details(row, now);
  const bool is_changing = row.growing_seconds || (has_news_ && row.cpu_cores > 0) ||
                           std::abs(row.usual_cpu_cores - row.cpu_cores) > kSettledCores;
  if (is_waiting || is_changing) return now;
  nanoseconds next = std::min(due_, growth_.due());
  if (is_of_kernel(row.sample) || is_zombie(row.sample)) return next;
  next = std::min(next, places_due());
  const bool has_turns = !is_denied && is_worth_proportional(row);
  return has_turns && !wants_proportional(row, now) ? std::min(next, unmoved_proportional_due(row)) : next;
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
