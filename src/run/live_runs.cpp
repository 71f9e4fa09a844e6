// SPDX-License-Identifier: Apache-2.0
#include "run/live_runs.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "history/series_file.h"
#include "metric/series.h"
#include "run/catalog.h"
#include "run/record.h"
#include "run/run_file.h"
#include "run/run_lock.h"

namespace ullage::run {

namespace {

constexpr std::string_view kEnding = ".ullage";
constexpr std::size_t kPhasesMax = 16;
// A file that was just made may not be locked yet.
constexpr std::int64_t kYoungSeconds = 10;

bool is_young(const std::string& path, std::int64_t now_ms) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && now_ms / 1000 - info.st_mtim.tv_sec < kYoungSeconds;
}

// Collects the series of one run, each with the run's own labels.
class Teller {
 public:
  Teller(const Record& record, std::size_t series_max) : series_max_(series_max) {
    own_.push_back({"run_id", record.id});
    if (!record.name.empty()) own_.push_back({"run_name", valid_utf8(record.name)});
  }

  void add(std::string_view name, metric::Labels labels, double value) {
    if (values_.size() >= series_max_) return;
    for (const metric::Label& own : own_) {
      // What a command calls a label of its own would hide the run.
      std::erase_if(labels, [&](const metric::Label& label) { return label.name == own.name; });
      labels.push_back(own);
    }
    std::ranges::sort(labels);
    values_.emplace_back(metric::SeriesKey{std::string(name), std::move(labels)}, value);
  }
  template <class Number>
  void add_known(std::string_view name, const metric::Labels& labels, const std::optional<Number>& value) {
    if (value) add(name, labels, static_cast<double>(*value));
  }

  std::vector<std::pair<metric::SeriesKey, double>> take() && { return std::move(values_); }

 private:
  std::size_t series_max_;
  metric::Labels own_;
  std::vector<std::pair<metric::SeriesKey, double>> values_;
};

void tell_record(const Record& record, Teller& teller) {
  teller.add("ullage_run_start_time_seconds", {}, static_cast<double>(record.started_ms) / 1000);
  teller.add_known("ullage_run_limit_bytes", {}, record.memory.limit_bytes);
  // That of the machine is there already, under node_pressure_*.
  const Pressure& pressure = record.pressure;
  if (pressure.scope == "cgroup") {
    constexpr std::string_view kWaiting = "ullage_run_pressure_waiting_seconds_total";
    constexpr std::string_view kStalled = "ullage_run_pressure_stalled_seconds_total";
    teller.add_known(kWaiting, {{"resource", "cpu"}}, pressure.cpu_some_seconds);
    teller.add_known(kWaiting, {{"resource", "memory"}}, pressure.memory_some_seconds);
    teller.add_known(kWaiting, {{"resource", "io"}}, pressure.io_some_seconds);
    teller.add_known(kStalled, {{"resource", "memory"}}, pressure.memory_full_seconds);
    teller.add_known(kStalled, {{"resource", "io"}}, pressure.io_full_seconds);
  }
  std::vector<std::string> phases;
  for (const Phase& phase : record.phases)
    if (!phase.end_ms && std::ranges::find(phases, phase.name) == phases.end() && phases.size() < kPhasesMax)
      phases.push_back(phase.name);
  for (const std::string& phase : phases) teller.add("ullage_run_phase", {{"phase", valid_utf8(phase)}}, 1);
}

// The run as a whole, at its last tick; its single processes are the daemon's own to tell.
Result<void> tell_series(const history::SeriesReader& reader, Teller& teller) {
  const std::int64_t last_ms = reader.extent().end_ms;
  const std::vector<metric::SeriesKey>& series = reader.series();
  for (metric::SeriesId id = 0; id < series.size(); ++id) {
    if (!series[id].name.starts_with("ullage_run_")) continue;
    const auto samples = reader.samples(id, last_ms - 1, last_ms);
    if (!samples) return fail(samples.error());
    if (samples->empty() || samples->back().time_ms != last_ms) continue;
    teller.add(series[id].name, series[id].labels, samples->back().value);
  }
  return {};
}

}  // namespace

Result<LiveRuns::Look> LiveRuns::look(std::int64_t now_ms) {
  const auto ids = run_ids(folder_);
  if (!ids) return fail(ids.error());
  Look look;
  std::erase_if(ended_, [&](const std::string& id) {
    return !std::ranges::binary_search(*ids, id, std::ranges::greater{});  // its file is gone
  });
  for (const std::string& id : *ids) {
    if (ended_.contains(id)) continue;
    const std::string path = folder_ + '/' + id + std::string(kEnding);
    if (!is_alive(path)) {
      if (!is_young(path, now_ms)) ended_.insert(id);
      continue;
    }
    if (++look.alive > limits_.runs) {
      ++look.untold;
      continue;
    }
    const auto loaded = load_run(path);
    if (!loaded) {
      ++look.untold;
      continue;
    }
    if (loaded->record.state != State::running) continue;  // it has just ended
    Teller teller(loaded->record, limits_.series_of_a_run);
    tell_record(loaded->record, teller);
    if (const auto told = tell_series(loaded->series, teller); !told) ++look.untold;
    auto values = std::move(teller).take();
    look.values.insert(look.values.end(), std::make_move_iterator(values.begin()),
                       std::make_move_iterator(values.end()));
  }
  return look;
}

}  // namespace ullage::run
