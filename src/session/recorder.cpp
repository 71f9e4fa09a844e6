// SPDX-License-Identifier: Apache-2.0
#include "session/recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/units.h"
#include "metric/series.h"
#include "run/record.h"
#include "sense/cgroup/cgroup_reader.h"
#include "sense/proc/process_tree.h"
#include "sense/sample.h"
#include "session/accounts.h"

namespace ullage::session {

namespace {

// Processes that get series of their own in one run; the others count in the totals and the table.
constexpr std::uint64_t kProcessesWithSeries = 2000;
// A process gets series when it is stored the second time, or at once when it is this large.
constexpr std::uint64_t kLargeBytes = 32u << 20;
// Ticks that wait for a file that cannot be made yet.
constexpr std::size_t kEarlyTicks = 500;

// Of the text of the command's events, which may be 4 KiB each.
constexpr std::uint64_t kEventBytes = 4u << 20;
// Beside those of the command: warnings, what was done about them, the end.
constexpr std::size_t kOwnEvents = 1000;
// A record with more processes or phases than this takes milliseconds to write out; then it is written each
// tenth time. A run that is killed lacks that much of its table; its series and events are as fresh as ever.
constexpr std::size_t kLargeRecord = 200;
constexpr std::uint64_t kFlushesOfLargeRecord = 10;

template <class T>
std::optional<T> since(const std::optional<T>& now, const std::optional<T>& then) {
  if (!now) return std::nullopt;
  return *now >= then.value_or(T{}) ? *now - then.value_or(T{}) : T{};
}

}  // namespace

struct Recorder::TotalsIds {
  explicit TotalsIds(metric::SeriesTable& table)
      : user(table.id("ullage_run_cpu_seconds_total", {{"mode", "user"}})),
        system(table.id("ullage_run_cpu_seconds_total", {{"mode", "system"}})),
        used(table.id("ullage_run_used_bytes")),
        resident(table.id("ullage_run_resident_bytes")),
        swap(table.id("ullage_run_swap_bytes")),
        cache(table.id("ullage_run_cache_bytes")),
        shared(table.id("ullage_run_shared_bytes")),
        headroom(table.id("ullage_run_headroom_bytes")),
        processes(table.id("ullage_run_processes")),
        threads(table.id("ullage_run_threads")),
        open_files(table.id("ullage_run_open_files")),
        read(table.id("ullage_run_read_bytes_total")),
        written(table.id("ullage_run_written_bytes_total")),
        minor_faults(table.id("ullage_run_page_faults_total", {{"kind", "minor"}})),
        major_faults(table.id("ullage_run_page_faults_total", {{"kind", "major"}})),
        voluntary(table.id("ullage_run_context_switches_total", {{"kind", "voluntary"}})),
        involuntary(table.id("ullage_run_context_switches_total", {{"kind", "involuntary"}})),
        run_queue_wait(table.id("ullage_run_run_queue_wait_seconds_total")) {}

  metric::SeriesId user, system, used, resident, swap, cache, shared, headroom, processes, threads,
      open_files, read, written;
  metric::SeriesId minor_faults, major_faults, voluntary, involuntary, run_queue_wait;
};

Recorder::Recorder(std::string path, run::Record start, RecorderOptions options)
    : path_(std::move(path)),
      record_(std::move(start)),
      options_(std::move(options)),
      ids_(std::make_unique<TotalsIds>(table_)),
      cgroup_series_(table_, options_.cgroup_id),
      host_series_(table_) {}

Recorder::~Recorder() = default;

void Recorder::look(const Look& look, const Accounts& accounts, bool store) {
  if (look.cgroup != nullptr) {
    if (!first_cgroup_) first_cgroup_ = options_.cgroup_is_own ? sense::CgroupSample{} : *look.cgroup;
    last_cgroup_ = *look.cgroup;
    if (look.cgroup_is_whole) whole_cgroup_is_stored_ = false;
  }
  if (look.host != nullptr) {
    if (!first_host_) first_host_ = *look.host;
    last_host_ = *look.host;
    host_is_stored_ = false;
  }
  keep_figures(look, accounts);
  if (look.used_bytes) phases_.look(*look.used_bytes);
  if (store) store_tick(look, accounts.totals());
}

double Recorder::cpu_seconds() const {
  return record_.cpu.user_seconds.value_or(0) + record_.cpu.system_seconds.value_or(0);
}

void Recorder::event(std::int64_t time_ms, std::string kind, std::string severity, std::string text) {
  // A command may write events without end; what we have to say ourselves is little, and kept.
  const bool is_commands = kind == "emit";
  const bool has_room = is_commands ? record_.events.size() < kEvents && event_bytes_ < kEventBytes
                                    : record_.events.size() < kEvents + kOwnEvents;
  if (has_room) {
    if (is_commands) event_bytes_ += text.size();
    record_.events.push_back({time_ms, std::move(kind), std::move(severity), std::move(text)});
  } else if (dropped_events_++ == 0) {
    record_.events.push_back({time_ms, "storage", "warning",
                              fmt::format("there were more events than a run keeps ({}, or {} of text); the "
                                          "others are only counted",
                                          kEvents, format_bytes(static_cast<double>(kEventBytes)))});
  }
}

void Recorder::keep_figures(const Look& look, const Accounts& accounts) {
  const Totals& totals = accounts.totals();
  const bool cgroup_tells = options_.cgroup_is_own && last_cgroup_ && last_cgroup_->user_seconds;
  record_.cpu.user_seconds = cgroup_tells ? *last_cgroup_->user_seconds : totals.user_seconds;
  record_.cpu.system_seconds =
      cgroup_tells ? last_cgroup_->system_seconds.value_or(totals.system_seconds) : totals.system_seconds;
  record_.cpu.run_queue_wait_seconds = totals.run_queue_wait_seconds;
  if (last_cgroup_)
    record_.cpu.throttled_seconds = since(last_cgroup_->throttled_seconds, first_cgroup_->throttled_seconds);
  record_.io = {totals.read_bytes, totals.written_bytes};
  record_.activity = {totals.minor_faults, totals.major_faults, totals.voluntary_switches,
                      totals.involuntary_switches};
  record_.processes.total = accounts.processes_seen();
  record_.processes.peak = accounts.processes_peak();
  keep_memory(look, accounts);
  keep_pressure(look);
}

void Recorder::keep_memory(const Look& look, const Accounts& accounts) {
  run::Memory& memory = record_.memory;
  const auto raise_peak = [&](std::uint64_t bytes, std::int64_t time_ms, const std::string& method) {
    if (memory.peak_bytes.value_or(0) >= bytes)
      return;  // before anything was seen alive it is unknown, not 0
    memory.peak_bytes = bytes;
    memory.peak_ms = time_ms;
    memory.peak_method = method;
  };
  if (look.used_bytes) {
    used_since_stored_ = std::max(used_since_stored_, *look.used_bytes);
    const bool by_cgroup = options_.cgroup_is_own && last_cgroup_ && last_cgroup_->used_bytes();
    if (look.certain_bytes) raise_peak(*look.certain_bytes, look.time_ms, by_cgroup ? "cgroup" : "samples");
    if (look.certain_bytes)
      peak_without_dirty_ =
          std::max(peak_without_dirty_,
                   *look.certain_bytes - std::min(*look.certain_bytes, look.dirty_bytes.value_or(0)));
    if (used_until_ms_ == 0) used_from_ms_ = used_until_ms_ = look.time_ms;
    used_byte_milliseconds_ += (static_cast<double>(*look.used_bytes) + static_cast<double>(used_before_)) /
                               2 * static_cast<double>(look.time_ms - used_until_ms_);
    used_before_ = *look.used_bytes;
    used_until_ms_ = look.time_ms;
    // Of a run that was found alive once or never nothing is known of the time between its looks.
    if (*look.used_bytes > 0) ++looks_in_use_;
    if (used_until_ms_ > used_from_ms_ && looks_in_use_ > 1)
      memory.average_bytes = static_cast<std::uint64_t>(used_byte_milliseconds_ /
                                                        static_cast<double>(used_until_ms_ - used_from_ms_));
  }
  if (options_.cgroup_is_own && last_cgroup_ && last_cgroup_->peak_bytes)
    memory.cgroup_peak_bytes = last_cgroup_->peak_bytes;
  // A high-water mark of a process that was never sampled has its mapped files in it; the cgroup's bounds it.
  if (const auto& mark = accounts.high_mark()) {
    const std::uint64_t bytes = std::min(mark->used_bytes, memory.cgroup_peak_bytes.value_or(UINT64_MAX));
    raise_peak(bytes, mark->time_ms, mark->method);
    peak_without_dirty_ = std::max(peak_without_dirty_, bytes);
  }
  memory.peak_without_dirty_bytes.reset();
  if (memory.peak_method == "cgroup" && memory.peak_bytes > peak_without_dirty_)
    memory.peak_without_dirty_bytes = peak_without_dirty_;
  if (accounts.totals().swap_bytes)
    memory.swap_peak_bytes = std::max(memory.swap_peak_bytes.value_or(0), *accounts.totals().swap_bytes);
  if (!options_.cgroup_is_own || !last_cgroup_) return;
  if (last_cgroup_->file_bytes)
    memory.cache_bytes = std::max(memory.cache_bytes.value_or(0), *last_cgroup_->file_bytes);
}

void Recorder::keep_pressure(const Look& look) {
  if (look.cgroup == nullptr && look.host == nullptr) return;
  const bool own = options_.cgroup_is_own && last_cgroup_ && last_cgroup_->pressure.any();
  if (!own && !(last_host_ && last_host_->pressure.any())) return;
  const sense::Pressures& now = own ? last_cgroup_->pressure : last_host_->pressure;
  const sense::Pressures& then = own ? first_cgroup_->pressure : first_host_->pressure;
  record_.pressure = {.scope = own ? "cgroup" : "machine",
                      .cpu_some_seconds = since(now.cpu.some_seconds, then.cpu.some_seconds),
                      .memory_some_seconds = since(now.memory.some_seconds, then.memory.some_seconds),
                      .memory_full_seconds = since(now.memory.full_seconds, then.memory.full_seconds),
                      .io_some_seconds = since(now.io.some_seconds, then.io.some_seconds),
                      .io_full_seconds = since(now.io.full_seconds, then.io.full_seconds)};
}

void Recorder::store_tick(const Look& look, const Totals& totals) {
  tick_.clear();
  tick_.time_ms = look.time_ms;
  add_totals(look, totals);
  if (last_cgroup_)
    cgroup_series_.add(whole_cgroup_is_stored_ ? sense::often_read(*last_cgroup_) : *last_cgroup_, tick_);
  if (last_host_ && !host_is_stored_) host_series_.add(*last_host_, tick_);
  host_is_stored_ = whole_cgroup_is_stored_ = true;
  add_processes(look);
  custom_.add_to(tick_);
  used_since_stored_ = 0;
  if (file_)
    file_->append(tick_, table_);
  else if (early_ticks_.size() < kEarlyTicks)
    early_ticks_.push_back(tick_);
  else
    ++unstored_ticks_;
}

void Recorder::add_totals(const Look& look, const Totals& totals) {
  const auto add = [this](metric::SeriesId id, const auto& value) {
    if (value) tick_.add(id, static_cast<double>(*value));
  };
  tick_.add(ids_->user, *record_.cpu.user_seconds);
  tick_.add(ids_->system, *record_.cpu.system_seconds);
  if (look.used_bytes)
    tick_.add(ids_->used, static_cast<double>(std::max(used_since_stored_, *look.used_bytes)));
  add(ids_->resident, totals.resident_bytes);
  add(ids_->swap, totals.swap_bytes);
  if (options_.cgroup_is_own && last_cgroup_) {
    add(ids_->cache, last_cgroup_->file_bytes);
    add(ids_->shared, last_cgroup_->shared_bytes);
  }
  add(ids_->headroom, look.headroom_bytes);
  tick_.add(ids_->processes, static_cast<double>(totals.processes));
  tick_.add(ids_->threads, static_cast<double>(totals.threads));
  add(ids_->open_files, totals.open_files);
  add(ids_->read, totals.read_bytes);
  add(ids_->written, totals.written_bytes);
  tick_.add(ids_->minor_faults, static_cast<double>(totals.minor_faults));
  tick_.add(ids_->major_faults, static_cast<double>(totals.major_faults));
  add(ids_->voluntary, totals.voluntary_switches);
  add(ids_->involuntary, totals.involuntary_switches);
  add(ids_->run_queue_wait, totals.run_queue_wait_seconds);
}

void Recorder::add_processes(const Look& look) {
  for (const sense::TreeProcess& process : look.gone) {
    process_series_.erase(process.sample.pid);
    seen_once_.erase(process.sample.pid);
  }
  for (const sense::TreeProcess& process : look.living) {
    const sense::ProcessSample& sample = process.sample;
    auto series = process_series_.find(sample.pid);
    if (series != process_series_.end() &&
        !series->second.is_named(sample.name))  // it has executed another program
      series =
          process_series_.insert_or_assign(sample.pid, sense::ProcessSeries(table_, sample.pid, sample.name))
              .first;
    if (series == process_series_.end()) {
      const auto [once, first] = seen_once_.try_emplace(sample.pid, sample.start_ticks);
      const bool is_new = first || once->second != sample.start_ticks;
      once->second = sample.start_ticks;
      if (is_new && sample.resident_bytes.value_or(0) < kLargeBytes) continue;
      if (processes_with_series_ >= kProcessesWithSeries) continue;
      ++processes_with_series_;
      series = process_series_.try_emplace(sample.pid, table_, sample.pid, sample.name).first;
    }
    series->second.add(sample, tick_);
  }
}

Result<void> Recorder::ensure_file() {
  if (file_) return {};
  auto file = run::RunFile::create(path_);
  if (!file) return pass_on(file);
  file_.emplace(*std::move(file));
  for (const metric::Tick& tick : early_ticks_) file_->append(tick, table_);
  early_ticks_ = {};
  return {};
}

void Recorder::halve_ticks() {
  if (file_) file_->halve_ticks();
}

bool Recorder::is_record_due() const {
  const bool is_large = record_.process_table.size() + record_.phases.size() > kLargeRecord;
  return !is_large || flushes_since_record_ >= kFlushesOfLargeRecord;
}

// A copy, for which ten thousand events are not copied too.
run::Record Recorder::record_without_events() {
  std::vector<run::Event> events = std::exchange(record_.events, {});
  run::Record copy = record_;
  record_.events = std::move(events);
  return copy;
}

Result<void> Recorder::give_record(const Accounts& accounts) {
  record_.process_table = accounts.table();
  record_.phases = phases_.list(cpu_seconds());
  if (auto made = ensure_file(); !made) return made;
  record_.sampling.ticks = file_->ticks();
  record_.sampling.dropped_samples =
      unstored_ticks_ + file_->dropped_ticks() + custom_.dropped() + dropped_events_ + phases_.dropped();
  file_->set_record_without_events(record_without_events());
  flushes_since_record_ = 0;
  return {};
}

Result<void> Recorder::flush(const Accounts& accounts) {
  ++flushes_since_record_;
  if (!file_ || is_record_due())
    if (auto given = give_record(accounts); !given) return given;
  file_->set_events(record_.events);
  return file_->flush();
}

Result<void> Recorder::close(const Accounts& accounts) {
  if (auto given = give_record(accounts); !given) return given;
  file_->set_events(record_.events);
  return file_->close();
}

}  // namespace ullage::session
