// SPDX-License-Identifier: Apache-2.0
#include "run/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "history/series_file.h"
#include "metric/series.h"
#include "run/growth_verdicts.h"
#include "run/record.h"
#include "run/series_view.h"
#include "run/words.h"

namespace ullage::run {

namespace {

// A shorter run is a start-up: growing is what it is there for.
constexpr double kGrowthWallSeconds = 60;
// A forecast of what is this many times further away than it was watched says nothing.
constexpr double kReach = 100;

std::optional<double> as_double(const std::optional<std::uint64_t>& value) {
  if (!value) return std::nullopt;
  return static_cast<double>(*value);
}

// As the record has it; else from the samples, which is the same.
std::optional<MemoryGrowth> growth_of(const Record& record, const SeriesView& series,
                                      std::optional<double> limit) {
  const auto memory = record.growth.empty() ? memory_growth(record, series) : record.growth.front();
  if (!memory || memory->resource != "memory" || !is_growing(*memory)) return std::nullopt;
  MemoryGrowth growth{.bytes_per_second = memory->rate_per_second.value_or(0),
                      .since_seconds = memory->since_seconds.value_or(0),
                      .level_bytes = memory->level,
                      .seconds_to_limit = {}};
  if (!limit || growth.bytes_per_second <= 0) return growth;
  const double seconds = std::max(0.0, *limit - growth.level_bytes) / growth.bytes_per_second;
  if (seconds <= kReach * record.wall_seconds) growth.seconds_to_limit = seconds;
  return growth;
}

// The rate that was not exceeded in 95 % of the time: each interval weighs as long as it lasted.
std::optional<double> percentile_by_time(const std::vector<history::Sample>& counter, double share) {
  const auto rate = rates(counter);
  if (rate.empty()) return std::nullopt;
  std::vector<std::pair<double, double>> weighted;  // rate, seconds
  double total = 0;
  std::int64_t before = counter.front().time_ms;
  for (const history::Sample& sample : rate) {
    const double seconds = static_cast<double>(sample.time_ms - before) / 1000;
    weighted.emplace_back(sample.value, seconds);
    total += seconds;
    before = sample.time_ms;
  }
  std::ranges::sort(weighted);
  double passed = 0;
  for (const auto& [value, seconds] : weighted)
    if ((passed += seconds) >= share * total) return value;
  return weighted.back().first;
}

// Seconds that the machine's processors idled between the first and the last sample, a second.
std::optional<double> idle_cores(const SeriesView& series) {
  for (std::size_t id = 0; id < series.keys.size(); ++id) {
    const metric::SeriesKey& key = series.keys[id];
    if (key.name != "node_cpu_seconds_total" || key.label("mode") != "idle") continue;
    const auto samples = series.samples(static_cast<metric::SeriesId>(id));
    if (!samples || samples->size() < 2) return std::nullopt;
    const double seconds = static_cast<double>(samples->back().time_ms - samples->front().time_ms) / 1000;
    if (seconds <= 0) return std::nullopt;
    return (samples->back().value - samples->front().value) / seconds;
  }
  return std::nullopt;
}

void add_from_series(Figures& figures, const Record& record, const SeriesView& series) {
  if (const auto cpu = summed(series, "ullage_run_cpu_seconds_total"))
    figures.cores_p95 = percentile_by_time(*cpu, 0.95);
  // Each process has one at least, also those that no sample met.
  if (const auto threads = summed(series, "ullage_run_threads"); threads && !threads->empty())
    figures.threads_peak = std::max(std::ranges::max_element(*threads, {}, &history::Sample::value)->value,
                                    static_cast<double>(record.processes.peak));
  figures.machine_idle_cores = idle_cores(series);
  if (figures.wall_seconds < kGrowthWallSeconds) return;
  figures.growth = growth_of(record, series, figures.limit_bytes);
}

void add_largest_process(Figures& figures, const Record& record) {
  for (const Process& process : record.process_table) {
    if (process.pid == 0 || !process.peak_bytes) continue;
    // Its mapped files are in it; the run's peak, of what cannot be reclaimed, bounds what it held of that.
    const double peak = std::min(static_cast<double>(*process.peak_bytes),
                                 figures.peak_bytes.value_or(std::numeric_limits<double>::infinity()));
    if (figures.largest_process_bytes && peak <= *figures.largest_process_bytes) continue;
    figures.largest_process_bytes = peak;
    figures.largest_process = fmt::format("{} ({})", printable(process.name), process.pid);
  }
}

}  // namespace

Figures figures_of(const Record& record, const SeriesView* series) {
  Figures figures;
  figures.wall_seconds = record.wall_seconds;
  figures.cores_available = record.cpu.cores_available;
  for (const Limit& limit : record.limits)
    if (limit.resource == "cpus") figures.cores_limit_asked = limit.asked;
  figures.cpu_seconds = cpu_seconds(record);
  figures.system_seconds = record.cpu.system_seconds;
  figures.cores_mean = cores_used(record);
  figures.run_queue_wait_seconds = record.cpu.run_queue_wait_seconds;
  figures.throttled_seconds = record.cpu.throttled_seconds;
  figures.peak_bytes = as_double(record.memory.peak_bytes);
  figures.peak_without_dirty_bytes =
      as_double(record.memory.peak_without_dirty_bytes ? record.memory.peak_without_dirty_bytes
                                                       : record.memory.peak_bytes);
  figures.limit_bytes = as_double(record.memory.limit_bytes);
  figures.limit_is_set = memory_limit_is_set(record.memory);
  figures.limit_source = record.memory.limit_source;
  figures.oom_killed = record.oom.has_value();
  if (record.oom) figures.enough_bytes = as_double(record.oom->enough_bytes);
  figures.swap_peak_bytes = as_double(record.memory.swap_peak_bytes);
  figures.read_bytes = as_double(record.io.read_bytes);
  figures.written_bytes = as_double(record.io.written_bytes);
  figures.pressure_scope = record.pressure.scope;
  figures.io_some_seconds = record.pressure.io_some_seconds;
  figures.io_full_seconds = record.pressure.io_full_seconds;
  figures.memory_full_seconds = record.pressure.memory_full_seconds;
  figures.processes_total = record.processes.total;
  figures.processes_peak = record.processes.peak;
  add_largest_process(figures, record);
  if (series != nullptr) add_from_series(figures, record, *series);
  return figures;
}

}  // namespace ullage::run
