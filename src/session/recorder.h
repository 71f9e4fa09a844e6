// SPDX-License-Identifier: Apache-2.0
// Writes a run down: turns looks into ticks of series, keeps the Record's figures true, and hands both to
// the run's file. What is stored is a look; a peak between stored looks enters the next one. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "metric/series.h"
#include "run/record.h"
#include "run/run_file.h"
#include "sense/custom/custom_values.h"
#include "sense/sample.h"
#include "sense/series.h"
#include "session/accounts.h"
#include "session/phases.h"

namespace ullage::session {

// What was read at one moment. Figures that were not read this time are absent.
struct Look {
  std::int64_t time_ms = 0;
  std::span<const sense::TreeProcess> living = {};
  std::span<const sense::TreeProcess> gone = {};
  const sense::CgroupSample* cgroup = nullptr;  // of the run's own cgroup, or the one it lives in
  bool cgroup_is_whole = true;                  // else what is read rarely is as it was
  const sense::HostSample* host = nullptr;
  std::optional<std::uint64_t> used_bytes = {};
  // Never above the truth, where used_bytes is the likeliest: what a peak and the end of a run may rest on.
  std::optional<std::uint64_t> certain_bytes = {};
  // Of these, page cache that waits to be written out: the kernel frees it, if slowly, before it kills.
  std::optional<std::uint64_t> dirty_bytes = {};
  std::optional<std::uint64_t> headroom_bytes = {};
};

struct RecorderOptions {
  bool cgroup_is_own = false;  // the cgroup holds the run and nothing else: its sums are the run's
  std::string cgroup_id;       // its path, for the series' label
};

class Recorder {
 public:
  // Nothing touches the disk before the first flush; a file that cannot be made then is tried again later.
  Recorder(std::string path, run::Record start, RecorderOptions options);
  ~Recorder();

  // Each look; `store` adds a tick.
  void look(const Look& look, const Accounts& accounts, bool store);
  // Beyond kEvents, or 4 MiB of text, those of the command are counted as dropped and not kept; that is said
  // once.
  static constexpr std::size_t kEvents = 10'000;
  void event(std::int64_t time_ms, std::string kind, std::string severity, std::string text);
  void own_value(const sense::GaugeLine& gauge) { custom_.set(gauge, table_); }
  void own_value(const sense::CounterLine& counter) { custom_.add(counter, table_); }
  Phases& phases() { return phases_; }
  double cpu_seconds() const;

  run::Record& record() { return record_; }
  const run::Record& record() const { return record_; }
  // Writes all that is known so far; the record of a run of many processes only now and then. On an error
  // nothing is lost but what does not fit: call again.
  Result<void> flush(const Accounts& accounts);
  // The last flush: one file is left, with nothing beside it.
  Result<void> close(const Accounts& accounts);
  std::uint64_t ticks() const { return file_ ? file_->ticks() : 0; }
  void halve_ticks();

 private:
  struct TotalsIds;

  void keep_figures(const Look& look, const Accounts& accounts);
  void keep_memory(const Look& look, const Accounts& accounts);
  void keep_pressure(const Look& look);
  void store_tick(const Look& look, const Totals& totals);
  void add_totals(const Look& look, const Totals& totals);
  void add_processes(const Look& look);

  Result<void> ensure_file();
  Result<void> give_record(const Accounts& accounts);
  bool is_record_due() const;
  run::Record record_without_events();

  std::string path_;
  std::optional<run::RunFile> file_;
  std::vector<metric::Tick> early_ticks_;  // taken before there is a file
  run::Record record_;
  RecorderOptions options_;
  metric::SeriesTable table_;
  metric::Tick tick_;
  std::unique_ptr<TotalsIds> ids_;
  sense::CgroupSeries cgroup_series_;
  sense::HostSeries host_series_;
  std::unordered_map<std::int64_t, sense::ProcessSeries> process_series_;
  std::unordered_map<std::int64_t, std::int64_t> seen_once_;  // pid → start_ticks
  sense::CustomValues custom_;
  Phases phases_;

  std::optional<sense::CgroupSample> first_cgroup_, last_cgroup_;
  std::optional<sense::HostSample> first_host_, last_host_;
  // What is read less often than the run is stored is stored once.
  bool host_is_stored_ = false, whole_cgroup_is_stored_ = false;
  std::uint64_t used_since_stored_ = 0;
  double used_byte_milliseconds_ = 0;
  std::int64_t used_from_ms_ = 0, used_until_ms_ = 0;
  std::uint64_t used_before_ = 0, looks_in_use_ = 0, peak_without_dirty_ = 0;
  std::uint64_t processes_with_series_ = 0;
  std::uint64_t unstored_ticks_ = 0;
  std::uint64_t dropped_events_ = 0, event_bytes_ = 0;
  std::uint64_t flushes_since_record_ = 0;
};

}  // namespace ullage::session
