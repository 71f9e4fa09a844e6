// SPDX-License-Identifier: Apache-2.0
// The figures of a run that rules are written over: what the Record says, and what only its series can
// tell (how many cores were busy at the busy times, whether memory still grew at the end). What is not
// known is absent, and a rule over an absent figure does not fire.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "run/record.h"
#include "run/series_view.h"

namespace ullage::run {

struct MemoryGrowth {
  double bytes_per_second;
  double since_seconds;                    // of the run
  double level_bytes;                      // at the end
  std::optional<double> seconds_to_limit;  // had it gone on
};

struct Figures {
  double wall_seconds = 0;
  double cores_available = 0;
  std::optional<double> cores_limit_asked;  // --cpus
  std::optional<double> cpu_seconds;
  std::optional<double> system_seconds;
  std::optional<double> cores_mean;
  std::optional<double> cores_p95;           // of the intervals between ticks, by time
  std::optional<double> machine_idle_cores;  // on average over the run
  std::optional<double> run_queue_wait_seconds;
  std::optional<double> throttled_seconds;

  std::optional<double> peak_bytes;
  // Without what waited to be written out, for which nobody is killed.
  std::optional<double> peak_without_dirty_bytes;
  std::optional<double> limit_bytes;  // the tightest that applies
  bool limit_is_set = false;          // by a flag or a cgroup, not the machine's size
  std::string limit_source;
  bool oom_killed = false;
  std::optional<double> enough_bytes;  // after an out-of-memory kill
  std::optional<double> swap_peak_bytes;
  std::optional<MemoryGrowth> growth;  // absent when it did not grow to the end, or the run was short

  std::optional<double> read_bytes, written_bytes;
  std::string pressure_scope;
  std::optional<double> io_some_seconds, io_full_seconds, memory_full_seconds;

  std::uint64_t processes_total = 0;
  std::uint64_t processes_peak = 0;
  std::optional<double> threads_peak;  // of all processes at once
  std::string largest_process;         // "python3 (1234)"
  std::optional<double> largest_process_bytes;
};

// Without a view (its file cannot be read, a run of a few milliseconds) the Record's figures alone.
Figures figures_of(const Record& record, const SeriesView* series);

}  // namespace ullage::run
