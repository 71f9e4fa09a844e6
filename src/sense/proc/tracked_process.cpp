// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/tracked_process.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/os_root.h"
#include "sense/proc/proc_counters.h"
#include "sense/proc/proc_stat.h"
#include "sense/proc/proc_status.h"
#include "sense/proc/process_files.h"
#include "sense/proc/process_tree.h"
#include "sense/proc/thread_sums.h"
#include "sense/sample.h"

namespace ullage::sense {

namespace {

// Below these, memory that moved is left to the next turn.
constexpr std::uint64_t kNoticeablePages = 64;
constexpr std::uint64_t kNoticeableShare = 64;  // of the resident size
// With huge pages one fault may bring 2 MiB: so many may hide a peak of 32 MiB, so many small ones of 64 KiB.
constexpr std::uint64_t kNoticeableFaults = 16;
// PSS is dear, a page of a process as large as the next: a mebibyte, or that share of a larger one.
constexpr std::uint64_t kProportionalNoticeablePages = 256;

std::uint64_t distance(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

void set_no_memory(ProcessSample& sample) {
  sample.resident_bytes = sample.anonymous_bytes = sample.file_bytes = sample.shared_bytes = 0;
  sample.swap_bytes = sample.proportional_bytes = sample.proportional_used_bytes = 0;
}

}  // namespace

bool TrackedProcess::take_stat(std::string_view text, const OsRoot& root, TreeProcess& process) {
  const auto stat = parse_proc_stat(text);
  if (!stat) return false;
  ProcessSample& sample = process.sample;
  if (!first_ && stat->start_ticks != sample.start_ticks) return false;

  // On its way out, before it is a zombie: its memory is gone already, and its program with it.
  const bool is_leaving = !first_ && stat->start_code == 0 && stat->resident_pages == 0;
  // A new address space, whose mark a zombie has no status to tell of.
  if (!first_ && (stat->name != sample.name || (!is_leaving && stat->start_code != start_code_)))
    sample.resident_peak_bytes.reset();
  if (!is_leaving) {
    executed_ = executed_ || stat->start_code != start_code_ || stat->name != sample.name;
    start_code_ = stat->start_code;
  }
  const double tick_seconds = 1.0 / static_cast<double>(root.ticks_per_second);
  sample.pid = stat->pid;
  sample.parent_pid = stat->parent_pid;
  sample.start_ticks = stat->start_ticks;
  sample.name.assign(stat->name.substr(0, 64));
  sample.state = stat->state;
  sample.user_seconds = static_cast<double>(stat->user_ticks) * tick_seconds;
  sample.system_seconds = static_cast<double>(stat->system_ticks) * tick_seconds;
  sample.children_user_seconds = static_cast<double>(stat->children_user_ticks) * tick_seconds;
  sample.children_system_seconds = static_cast<double>(stat->children_system_ticks) * tick_seconds;
  sample.threads = stat->threads;
  sample.minor_faults = stat->minor_faults;
  sample.major_faults = stat->major_faults;
  sample.resident_bytes = stat->resident_pages * static_cast<std::uint64_t>(root.page_size_bytes);

  const Figures figures{.ticks = stat->user_ticks + stat->system_ticks,
                        .faults = stat->minor_faults + stat->major_faults,
                        .resident_pages = stat->resident_pages,
                        .threads = stat->threads,
                        .state = stat->state};
  changed_ = first_ || figures != now_;
  dirty_ = dirty_ || changed_;
  first_ = false;
  now_ = figures;
  if (is_leaving || sample.state == 'Z' || sample.state == 'X') {
    set_no_memory(sample);
    process.proportional.reset();
  }
  return true;
}

void TrackedProcess::take_memory(const MemoryNews& news, const OsRoot& root, TreeProcess& process) {
  ProcessSample& sample = process.sample;
  if (first_ || sample.state == 'Z' || sample.state == 'X') return;
  sample.resident_bytes = news.resident_pages * static_cast<std::uint64_t>(root.page_size_bytes);
  sample.minor_faults += news.minor_faults;
  sample.major_faults += news.major_faults;
  now_.resident_pages = news.resident_pages;
  now_.faults += news.minor_faults + news.major_faults;
  dirty_ = true;
}

bool TrackedProcess::is_memory_stale() const {
  if (now_.state == 'Z' || now_.state == 'X') return false;
  if (!status_read_ || executed_) return true;
  const std::uint64_t moved = distance(now_.resident_pages, at_status_.resident_pages);
  if (moved >= kNoticeablePages && moved >= at_status_.resident_pages / kNoticeableShare) return true;
  return now_.faults - at_status_.faults >= kNoticeableFaults;
}

bool TrackedProcess::is_proportional_stale() const {
  if (!proportional_tried) return true;
  const Figures& before = at_proportional_;
  const std::uint64_t noticeable =
      std::max(kProportionalNoticeablePages, before.resident_pages / kNoticeableShare);
  // A page that was shared until it was written to is a fault and no page more.
  return distance(now_.resident_pages, before.resident_pages) >= noticeable ||
         now_.faults - before.faults >= noticeable;
}

double TrackedProcess::unread_activity() const {
  const std::uint64_t ticks = now_.ticks - std::min(now_.ticks, at_counters_.ticks);
  const std::uint64_t faults = now_.faults - std::min(now_.faults, at_counters_.faults);
  return static_cast<double>(ticks) + static_cast<double>(faults) / 256;
}

void TrackedProcess::read_status(ProcessFiles& files, TreeProcess& process) {
  ProcessSample& sample = process.sample;
  const auto text = files.read(sample.pid, ProcessFile::status, handles);
  at_status_ = now_;
  if (!text) return;
  const ProcStatus status = parse_proc_status(*text);
  // An exec begins a new address space, whose mark starts anew.
  const std::uint64_t mark_before = executed_ ? 0 : sample.resident_peak_bytes.value_or(0);
  if (status.resident_peak_bytes) sample.resident_peak_bytes = status.resident_peak_bytes;
  if (status.data_bytes) sample.data_bytes = status.data_bytes;
  if (status.anonymous_bytes) sample.anonymous_bytes = status.anonymous_bytes;
  if (status.file_bytes) sample.file_bytes = status.file_bytes;
  if (status.shared_bytes) sample.shared_bytes = status.shared_bytes;
  if (status.swap_bytes) sample.swap_bytes = status.swap_bytes;
  if (status.resident_bytes) sample.resident_bytes = status.resident_bytes;
  if (status.user_id) sample.user_id = status.user_id;
  if (sample.threads <= 1 && !threads_) {
    if (status.voluntary_switches) sample.voluntary_switches = status.voluntary_switches;
    if (status.involuntary_switches) sample.involuntary_switches = status.involuntary_switches;
  }
  if (status.resident_peak_bytes && *status.resident_peak_bytes > mark_before && status.resident_bytes)
    process.spike_bytes =
        *status.resident_peak_bytes - std::min(*status.resident_peak_bytes, *status.resident_bytes);
  status_read_ = true;
}

void TrackedProcess::read_counters(ProcessFiles& files, TreeProcess& process, std::chrono::nanoseconds now) {
  read_io(files, process, now);
  read_waits(files, process);
  read_open_files(files, process);
}

void TrackedProcess::read_io(ProcessFiles& files, TreeProcess& process, std::chrono::nanoseconds now) {
  ProcessSample& sample = process.sample;
  counters_at = now;
  counters_read = true;
  dirty_ = false;
  at_counters_ = now_;
  const auto text = files.read(sample.pid, ProcessFile::io, handles);
  if (!text) return;
  const ProcIo io = parse_proc_io(*text);
  if (io.read_bytes) sample.read_bytes = io.read_bytes;
  if (io.written_bytes) sample.written_bytes = io.written_bytes;
}

void TrackedProcess::read_waits(ProcessFiles& files, TreeProcess& process) {
  ProcessSample& sample = process.sample;
  if (sample.threads > 1 && !threads_) threads_ = std::make_unique<ThreadSums>();
  if (threads_) {
    const ThreadSums::Totals totals = threads_->read(sample.pid, files);
    if (totals.run_queue_wait_seconds) sample.run_queue_wait_seconds = totals.run_queue_wait_seconds;
    if (totals.voluntary_switches) sample.voluntary_switches = totals.voluntary_switches;
    if (totals.involuntary_switches) sample.involuntary_switches = totals.involuntary_switches;
  } else if (const auto text = files.read(sample.pid, ProcessFile::schedstat, handles)) {
    if (const auto wait = parse_run_queue_wait(*text)) sample.run_queue_wait_seconds = wait;
  }
}

void TrackedProcess::read_open_files(ProcessFiles& files, TreeProcess& process) {
  ProcessSample& sample = process.sample;
  if (sample.state == 'Z' || sample.state == 'X')
    sample.open_files = 0;
  else if (const auto count = files.count_open_files(sample.pid))
    sample.open_files = count;
}

bool TrackedProcess::read_proportional(ProcessFiles& files, TreeProcess& process,
                                       std::chrono::nanoseconds now) {
  ProcessSample& sample = process.sample;
  proportional_tried = true;
  proportional_tried_at = now;
  at_proportional_ = now_;
  if (sample.state == 'Z' || sample.state == 'X') return false;
  const auto text = files.read(sample.pid, ProcessFile::smaps_rollup, handles);
  if (!text) return false;
  const Proportional proportional = parse_smaps_rollup(*text);
  if (!proportional.all_bytes) return false;
  sample.proportional_bytes = proportional.all_bytes;
  sample.proportional_used_bytes = proportional.used_bytes;
  // Of the same moment, as near as two files can be.
  read_status(files, process);
  if (proportional.used_bytes && sample.anonymous_bytes)
    process.proportional =
        ProportionalReading{.used_bytes = *proportional.used_bytes,
                            .counted_bytes = *sample.anonymous_bytes + sample.shared_bytes.value_or(0) +
                                             sample.swap_bytes.value_or(0),
                            .at = now};
  return true;
}

void TrackedProcess::read_command_line(ProcessFiles& files, TreeProcess& process) {
  executed_ = false;
  auto line = files.read_command_line(process.sample.pid);
  // A process in its last moments has none; what was known stays.
  if (line && !line->empty()) process.command_line = std::move(*line);
}

}  // namespace ullage::sense
