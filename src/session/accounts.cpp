// SPDX-License-Identifier: Apache-2.0
#include "session/accounts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "act/child.h"
#include "base/text.h"
#include "run/record.h"
#include "run/secrets.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/process_tree.h"

namespace ullage::session {

namespace {

// Exit records whose parent has not been seen: kept until it has, at most this many, the newest.
constexpr std::size_t kWaitingRecords = 4096;
constexpr std::int64_t kWaitingMs = 2000;

template <class T>
void add_known(std::optional<T>& sum, const std::optional<T>& value) {
  if (value) sum = sum.value_or(T{}) + *value;
}

// A counter never falls, whatever order its sources speak in.
template <class T>
void raise(T& counter, const T& value) {
  counter = std::max(counter, value);
}

std::uint64_t less(std::uint64_t whole, std::uint64_t part) { return whole > part ? whole - part : 0; }

// From /proc/PID/cmdline: arguments with a NUL after each.
std::string masked_command(std::string_view arguments) {
  std::vector<std::string> words;
  while (!arguments.empty()) words.emplace_back(take_until(arguments, '\0'));
  std::string command;
  for (const std::string& word : run::mask_arguments(words)) command += (command.empty() ? "" : " ") + word;
  return command;
}

void fold_into(run::Process& sum, const run::Process& row) {
  sum.name = row.name;
  sum.count = sum.begin_ms == 0 ? row.count : sum.count + row.count;
  sum.begin_ms = sum.begin_ms == 0 ? row.begin_ms : std::min(sum.begin_ms, row.begin_ms);
  sum.end_ms = std::max(sum.end_ms, row.end_ms);
  sum.peak_bytes = std::max(sum.peak_bytes, row.peak_bytes);
  sum.threads_peak = std::max(sum.threads_peak, row.threads_peak);
  add_known(sum.user_seconds, row.user_seconds);
  add_known(sum.system_seconds, row.system_seconds);
  add_known(sum.read_bytes, row.read_bytes);
  add_known(sum.written_bytes, row.written_bytes);
}

void set_status(run::Process& row, const act::ExitStatus& status) {
  row.exit_code = status.code;
  row.signal = status.signal;
}

}  // namespace

void Accounts::Use::add(const Use& other) {
  user_seconds += other.user_seconds;
  system_seconds += other.system_seconds;
  run_queue_wait_seconds += other.run_queue_wait_seconds;
  read_bytes += other.read_bytes;
  written_bytes += other.written_bytes;
  minor_faults += other.minor_faults;
  major_faults += other.major_faults;
  voluntary_switches += other.voluntary_switches;
  involuntary_switches += other.involuntary_switches;
}

void Accounts::Use::take_away(const Use& other) {
  user_seconds -= other.user_seconds;
  system_seconds -= other.system_seconds;
  run_queue_wait_seconds -= other.run_queue_wait_seconds;
  read_bytes -= other.read_bytes;
  written_bytes -= other.written_bytes;
  minor_faults -= other.minor_faults;
  major_faults -= other.major_faults;
  voluntary_switches -= other.voluntary_switches;
  involuntary_switches -= other.involuntary_switches;
}

void Accounts::observe(std::span<const sense::TreeProcess> living, std::span<const sense::TreeProcess> gone,
                       std::int64_t now_ms) {
  for (const sense::TreeProcess& process : gone) {
    const auto found = entries_.find(process.sample.pid);
    if (found != entries_.end() && found->second.alive &&
        found->second.last.start_ticks == process.sample.start_ticks)
      end(found->second, now_ms);
  }
  for (const sense::TreeProcess& process : living) take_sample(process, now_ms);
  sum_living();
  fold_the_lesser(now_ms);
}

Accounts::Entry& Accounts::begin(std::int64_t pid, std::int64_t parent_pid, const std::string& name,
                                 std::int64_t now_ms) {
  Entry& entry = entries_[pid];
  if (entry.row.pid != 0) {  // the pid is taken again: the row of its former owner joins the folded ones
    if (entry.alive) end(entry, now_ms);
    fold_into(folded_[entry.row.name], entry.row);
    --dead_;
    entry = Entry{};
  }
  ++seen_;
  entry.row.pid = pid;
  entry.row.parent_pid = parent_pid;
  entry.row.name = name;
  entry.row.begin_ms = now_ms;
  return entry;
}

void Accounts::end(Entry& entry, std::int64_t now_ms) {
  entry.alive = false;
  entry.row.end_ms = now_ms;
  ended_.add(entry.use);
  ++dead_;
}

void Accounts::take_sample(const sense::TreeProcess& process, std::int64_t now_ms) {
  const sense::ProcessSample& sample = process.sample;
  const auto found = entries_.find(sample.pid);
  // Not waited for yet, but folded with others of its name already: many that died at once.
  if (found == entries_.end() && !process.is_new && sample.state == 'Z') return;
  const bool same = found != entries_.end() &&
                    (found->second.last.pid == 0 || found->second.last.start_ticks == sample.start_ticks);
  const bool is_zombie = sample.state == 'Z' || sample.state == 'X';
  // A zombie whose record has come already; one that lives has its number from a process that was never
  // sampled.
  if (same && found->second.recorded && (is_zombie || found->second.last.pid != 0)) return;
  Entry& entry =
      same && found->second.alive ? found->second : begin(sample.pid, sample.parent_pid, sample.name, now_ms);
  // A zombie shows that it executed by its name alone.
  const bool has_executed = entry.is_fork && (!process.is_fork || sample.name != entry.row.name);
  if (has_executed) forget_parents_memory(entry);
  entry.is_fork = process.is_fork && !has_executed;
  entry.file_bytes = std::max(entry.file_bytes, sample.file_bytes.value_or(0));
  entry.last = sample;
  if (!process.command_line.empty() && process.command_line != entry.arguments) {
    entry.arguments = process.command_line;  // it is new, or executed another program
    entry.row.command = masked_command(process.command_line);
  }
  take_use(entry);
  take_row(entry);
  if (sample.resident_peak_bytes)
    raise_high_mark(less(*sample.resident_peak_bytes, entry.file_bytes), now_ms, "process high-water mark");
}

void Accounts::take_use(Entry& entry) {
  const sense::ProcessSample& sample = entry.last;
  Use& use = entry.use;
  use.user_seconds = sample.user_seconds;
  use.system_seconds = sample.system_seconds;
  use.minor_faults = sample.minor_faults;
  use.major_faults = sample.major_faults;
  raise(use.run_queue_wait_seconds, sample.run_queue_wait_seconds.value_or(0));
  raise(use.voluntary_switches, sample.voluntary_switches.value_or(0));
  raise(use.involuntary_switches, sample.involuntary_switches.value_or(0));
  raise(use.read_bytes, less(sample.read_bytes.value_or(0), entry.children_read));
  raise(use.written_bytes, less(sample.written_bytes.value_or(0), entry.children_written));
  knows_wait_ |= sample.run_queue_wait_seconds.has_value();
  knows_switches_ |= sample.voluntary_switches.has_value();
  knows_io_ |= sample.read_bytes.has_value();
}

void Accounts::take_row(Entry& entry) {
  const sense::ProcessSample& sample = entry.last;
  run::Process& row = entry.row;
  row.name = sample.name;
  row.threads_peak = std::max(row.threads_peak, sample.threads);
  row.peak_bytes = std::max({row.peak_bytes, sample.resident_peak_bytes, sample.resident_bytes});
  row.user_seconds = entry.use.user_seconds;
  row.system_seconds = entry.use.system_seconds;
  if (sample.read_bytes) row.read_bytes = entry.use.read_bytes;
  if (sample.written_bytes) row.written_bytes = entry.use.written_bytes;
}

// Between fork and exec: a shell's `true` is no process of 300 MiB because the shell is one.
void Accounts::forget_parents_memory(Entry& entry) {
  entry.row.peak_bytes.reset();
  entry.file_bytes = 0;
  entry.is_fork = false;
}

void Accounts::exited(std::span<const sense::ExitRecord> records, std::int64_t now_ms) {
  for (const sense::ExitRecord& record : records) waiting_.push_back({record, now_ms});
  // A child's record comes before its parent's, whose own may be what makes both known: until no more join.
  for (bool more = true; more;) {
    more = false;
    std::erase_if(waiting_, [&](const Waiting& waiting) {
      if (!is_ours(waiting.record, now_ms)) return false;
      take_record(waiting.record, now_ms);
      more = true;
      return true;
    });
  }
  // Who is not known by now is somebody else's.
  std::erase_if(waiting_, [&](const Waiting& waiting) { return now_ms - waiting.since_ms > kWaitingMs; });
  if (waiting_.size() > kWaitingRecords)
    waiting_.erase(waiting_.begin(), waiting_.end() - static_cast<std::ptrdiff_t>(kWaitingRecords));
  if (!records.empty()) sum_living();
}

// Numbers are given out again: only who lives, or died just now, speaks for a number.
bool Accounts::is_fresh(const Entry& entry, std::int64_t now_ms) {
  return entry.alive || now_ms - entry.row.end_ms.value_or(0) <= kWaitingMs;
}

bool Accounts::is_ours(const sense::ExitRecord& record, std::int64_t now_ms) const {
  if (record.parent_pid == supervisor_pid_) return !helpers_.contains(record.pid);
  const auto self = entries_.find(record.pid);
  if (self != entries_.end() && !self->second.recorded && is_fresh(self->second, now_ms)) return true;
  // An orphan's parent is us, so a parent that has long been dead is another process.
  const auto parent = entries_.find(record.parent_pid);
  return parent != entries_.end() && is_fresh(parent->second, now_ms);
}

void Accounts::take_record(const sense::ExitRecord& record, std::int64_t now_ms) {
  const auto found = entries_.find(record.pid);
  const bool known = found != entries_.end() && !found->second.recorded && is_fresh(found->second, now_ms);
  Entry& entry = known ? found->second : begin(record.pid, record.parent_pid, record.name, now_ms);
  knows_io_ = knows_switches_ = true;
  knows_wait_ |= record.has_run_queue_wait;
  if (!entry.alive) {
    ended_.take_away(entry.use);
    --dead_;
  }
  entry.recorded = true;
  entry.use = {
      .user_seconds = record.user_seconds,
      .system_seconds = record.system_seconds,
      .run_queue_wait_seconds = std::max(record.run_queue_wait_seconds, entry.use.run_queue_wait_seconds),
      .read_bytes = record.read_bytes,
      .written_bytes = record.written_bytes,
      .minor_faults = record.minor_faults,
      .major_faults = record.major_faults,
      .voluntary_switches = record.voluntary_switches,
      .involuntary_switches = record.involuntary_switches};
  end(entry, now_ms);
  run::Process& row = entry.row;
  if (entry.is_fork && record.name != row.name) forget_parents_memory(entry);
  row.name = record.name;  // of the last program it executed
  row.user_seconds = record.user_seconds;
  row.system_seconds = record.system_seconds;
  row.read_bytes = record.read_bytes;
  row.written_bytes = record.written_bytes;
  row.threads_peak = std::max<std::uint64_t>(row.threads_peak, 1);
  row.peak_bytes = std::max(row.peak_bytes, std::optional(record.resident_peak_bytes));
  const int low = static_cast<int>(record.exit_status & 0x7F);
  if (low == 0) row.exit_code = static_cast<int>(record.exit_status >> 8 & 0xFF);
  if (low != 0) row.signal = low;
  raise_high_mark(less(record.resident_peak_bytes, entry.file_bytes), now_ms, "taskstats");
  // The kernel adds a child's I/O to its parent's when the child is reaped (kernel/exit.c, wait_task_zombie).
  if (const auto parent = entries_.find(record.parent_pid); parent != entries_.end()) {
    parent->second.children_read += record.read_bytes + entry.children_read;
    parent->second.children_written += record.written_bytes + entry.children_written;
  }
}

void Accounts::reaped(std::int64_t pid, const act::ExitStatus& status, std::int64_t now_ms) {
  if (helpers_.contains(pid)) return;
  const auto found = entries_.find(pid);
  const bool known = found != entries_.end();
  Entry& entry = known ? found->second : begin(pid, supervisor_pid_, "", now_ms);
  if (!known) {  // it lived and died between two looks, and no record came: rusage is all there is
    entry.use.user_seconds = status.user_seconds;
    entry.use.system_seconds = status.system_seconds;
    entry.row.user_seconds = status.user_seconds;
    entry.row.system_seconds = status.system_seconds;
  }
  if (entry.alive) end(entry, now_ms);
  set_status(entry.row, status);
  reaped_user_seconds_ += status.user_seconds;
  reaped_system_seconds_ += status.system_seconds;
  if (status.peak_resident_bytes)
    raise_high_mark(less(*status.peak_resident_bytes, entry.file_bytes), now_ms, "wait4");
}

void Accounts::raise_high_mark(std::uint64_t used_bytes, std::int64_t now_ms, const char* method) {
  if (high_mark_ && high_mark_->used_bytes >= used_bytes) return;
  high_mark_ = HighMark{used_bytes, now_ms, method};
}

void Accounts::sum_living() {
  Totals now;
  Use use = ended_;
  // What wait4 has told so far: of those we reaped, and inside their parents' figures of those that others
  // did.
  double waited_user_seconds = reaped_user_seconds_, waited_system_seconds = reaped_system_seconds_;
  std::uint64_t largest_bytes = 0;
  largest_pid_ = 0;
  for (const auto& [pid, entry] : entries_) {
    if (!entry.alive) continue;
    use.add(entry.use);
    const sense::ProcessSample& last = entry.last;
    waited_user_seconds += last.user_seconds + last.children_user_seconds;
    waited_system_seconds += last.system_seconds + last.children_system_seconds;
    ++now.processes;
    now.threads += last.threads;
    add_known(now.resident_bytes, last.resident_bytes);
    add_known(now.swap_bytes, last.swap_bytes);
    add_known(now.open_files, last.open_files);
    if (last.resident_bytes.value_or(0) <= largest_bytes) continue;
    largest_bytes = *last.resident_bytes;
    largest_pid_ = pid;
  }
  peak_alive_ = std::max(peak_alive_, now.processes);
  use.user_seconds = std::max(use.user_seconds, waited_user_seconds);
  use.system_seconds = std::max(use.system_seconds, waited_system_seconds);
  raise_counters(now, use);
  totals_ = now;
}

void Accounts::raise_counters(Totals& now, const Use& use) const {
  const auto known = [](bool is_known, const auto& before, auto value) {
    using Value = std::remove_cvref_t<decltype(before)>;
    return is_known ? std::max(before, Value(value)) : Value();
  };
  now.user_seconds = std::max(totals_.user_seconds, use.user_seconds);
  now.system_seconds = std::max(totals_.system_seconds, use.system_seconds);
  now.minor_faults = std::max(totals_.minor_faults, use.minor_faults);
  now.major_faults = std::max(totals_.major_faults, use.major_faults);
  now.run_queue_wait_seconds = known(knows_wait_, totals_.run_queue_wait_seconds, use.run_queue_wait_seconds);
  now.read_bytes = known(knows_io_, totals_.read_bytes, use.read_bytes);
  now.written_bytes = known(knows_io_, totals_.written_bytes, use.written_bytes);
  now.voluntary_switches = known(knows_switches_, totals_.voluntary_switches, use.voluntary_switches);
  now.involuntary_switches = known(knows_switches_, totals_.involuntary_switches, use.involuntary_switches);
}

const sense::ProcessSample* Accounts::largest() const {
  const auto found = entries_.find(largest_pid_);
  return found == entries_.end() ? nullptr : &found->second.last;
}

// The dead may be twice as many as the table has rows; then the lesser half of them is folded by name. Not
// those that died just now: their records may still come.
void Accounts::fold_the_lesser(std::int64_t now_ms) {
  if (dead_ < rows_ * 2) return;
  std::vector<std::pair<std::uint64_t, std::int64_t>> dead;  // peak, pid
  for (const auto& [pid, entry] : entries_)
    if (!is_fresh(entry, now_ms)) dead.emplace_back(entry.row.peak_bytes.value_or(0), pid);
  const auto keep = dead.begin() + static_cast<std::ptrdiff_t>(std::min(rows_, dead.size()));
  std::ranges::nth_element(dead, keep, std::greater<>{});
  for (auto lesser = keep; lesser != dead.end(); ++lesser) {
    const auto found = entries_.find(lesser->second);
    fold_into(folded_[found->second.row.name], found->second.row);
    entries_.erase(found);
    --dead_;
  }
}

std::vector<run::Process> Accounts::table() const {
  std::vector<run::Process> rows;
  for (const auto& [pid, entry] : entries_) rows.push_back(entry.row);
  const auto larger = [](const run::Process& a, const run::Process& b) {
    return std::tuple(b.peak_bytes, a.begin_ms, a.pid) < std::tuple(a.peak_bytes, b.begin_ms, b.pid);
  };
  std::ranges::sort(rows, larger);
  auto folded = folded_;
  for (std::size_t i = rows_; i < rows.size(); ++i) fold_into(folded[rows[i].name], rows[i]);
  rows.resize(std::min(rows_, rows.size()));
  for (const auto& [name, row] : folded) rows.push_back(row);
  std::ranges::sort(rows, larger);
  return rows;
}

}  // namespace ullage::session
