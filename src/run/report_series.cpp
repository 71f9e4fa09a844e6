// SPDX-License-Identifier: Apache-2.0
#include "run/report_series.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "metric/descriptor.h"
#include "metric/series.h"
#include "run/record.h"
#include "run/series_view.h"
#include "run/words.h"

namespace ullage::run {

namespace {

// A file of at most a megabyte: so many numbers, at up to eleven bytes each.
constexpr std::size_t kNumbersMax = 80'000;
constexpr std::size_t kMomentsMin = 240;

constexpr std::string_view kResident = "ullage_process_resident_bytes";
constexpr std::string_view kCpu = "ullage_process_cpu_seconds_total";

metric::Kind kind_of(const metric::SeriesKey& key) {
  if (const metric::Descriptor* known = metric::find_descriptor(key.name)) return known->kind;
  return key.name.ends_with("_total") ? metric::Kind::counter : metric::Kind::gauge;
}

bool is_of_process(const metric::SeriesKey& key) { return key.name == kResident || key.name == kCpu; }

bool is_shown_whole(const metric::SeriesKey& key) {
  return key.name.starts_with("ullage_run_") || key.name.starts_with("container_") ||
         key.name.starts_with("node_");
}

// (pid, name) of the processes that are shown one by one. The record's table is in order of their peaks.
std::set<std::pair<std::string, std::string>> shown_processes(const Record& record) {
  std::set<std::pair<std::string, std::string>> shown;
  for (const Process& process : record.process_table) {
    if (shown.size() == kReportProcesses) break;
    if (process.pid != 0) shown.emplace(std::to_string(process.pid), process.name);
  }
  return shown;
}

// What a series does in the report.
struct Role {
  enum class Part { none, own_column, others_resident, others_cpu, others_alive } part = Part::none;
  std::size_t column = 0;   // own_column
  std::size_t process = 0;  // of the others: its index
  std::size_t mode = 0;     // others_cpu: index of the mode's sum
};

// The processes that are not shown one by one. A process counts at a tick when it has any value there, and
// then with the last resident size that was read (the small ones' are not read at each tick); its CPU time
// stays in the sum after it has ended, so that the sum is a counter.
class Others {
 public:
  std::size_t process_of(const metric::SeriesKey& key) {
    const auto [found, is_new] = index_.try_emplace(
        std::string(key.label("pid")) + '/' + std::string(key.label("name")), processes_.size());
    if (is_new) processes_.push_back({});
    return found->second;
  }
  std::size_t mode_of(std::string_view mode) {
    const auto [found, is_new] = modes_.try_emplace(std::string(mode), cpu_.size());
    if (is_new) cpu_.push_back(0);
    return found->second;
  }

  void begin_tick() {
    ++tick_;
    seen_.clear();
  }
  void alive(std::size_t process) {
    if (processes_[process].tick == tick_) return;
    processes_[process].tick = tick_;
    seen_.push_back(process);
  }
  void resident(std::size_t process, double bytes) {
    alive(process);
    processes_[process].resident = bytes;
  }
  void cpu(std::size_t process, std::size_t mode, double seconds) {
    alive(process);
    std::vector<double>& last = processes_[process].cpu;
    if (last.size() <= mode) last.resize(mode + 1, 0);
    cpu_[mode] += std::max(seconds - last[mode], 0.0);
    last[mode] = seconds;
  }

  bool any() const { return !processes_.empty(); }
  bool any_seen() const { return !seen_.empty(); }
  double resident_sum() const {
    double sum = 0;
    for (const std::size_t process : seen_) sum += processes_[process].resident;
    return sum;
  }
  const std::map<std::string, std::size_t>& modes() const { return modes_; }
  double cpu_sum(std::size_t mode) const { return cpu_[mode]; }

 private:
  struct Process {
    double resident = 0;
    std::vector<double> cpu;
    std::uint64_t tick = 0;
  };
  std::map<std::string, std::size_t> index_, modes_;
  std::vector<Process> processes_;
  std::vector<std::size_t> seen_;
  std::vector<double> cpu_;
  std::uint64_t tick_ = 0;
};

class Gathering {
 public:
  Gathering(const Record& record, const SeriesView& view)
      : roles_(view.keys.size()), shown_(shown_processes(record)) {
    for (std::size_t id = 0; id < view.keys.size(); ++id) plan(id, view.keys[id]);
    const std::size_t columns = std::max<std::size_t>(planned_.size(), 1);
    const std::size_t moments = std::clamp(kNumbersMax / columns, kMomentsMin, kReportMoments);
    gathered_ = {Thinner(record.started_ms, end_ms(record), moments), {}};
    for (const auto& [id, key] : planned_) {
      roles_[id].column = gathered_.moments.add_column(kind_of(key));
      gathered_.series.push_back({key, kind_of(key), roles_[id].column});
    }
    add_others();
  }

  void take(const metric::Tick& tick) {
    Thinner& moments = gathered_.moments;
    moments.begin_tick(tick.time_ms);
    others_.begin_tick();
    for (const metric::Value& value : tick.values) {
      if (value.series >= roles_.size()) continue;
      const Role& role = roles_[value.series];
      switch (role.part) {
        case Role::Part::none:
          break;
        case Role::Part::own_column:
          moments.set(role.column, value.value);
          break;
        case Role::Part::others_resident:
          others_.resident(role.process, value.value);
          break;
        case Role::Part::others_cpu:
          others_.cpu(role.process, role.mode, value.value);
          break;
        case Role::Part::others_alive:
          others_.alive(role.process);
          break;
      }
    }
    if (!others_.any()) return;
    if (others_.any_seen()) moments.set(resident_column_, others_.resident_sum());
    for (const auto& [mode, index] : others_.modes())
      moments.set(cpu_columns_[index], others_.cpu_sum(index));
  }

  GatheredSeries finish() {
    gathered_.moments.finish();
    return std::move(gathered_);
  }

 private:
  void plan(std::size_t id, const metric::SeriesKey& key) {
    Role& role = roles_[id];
    if (is_shown_whole(key)) {
      role.part = Role::Part::own_column;
      planned_.emplace_back(id, key);
      return;
    }
    if (!key.name.starts_with("ullage_process_")) return;
    if (shown_.contains({std::string(key.label("pid")), std::string(key.label("name"))})) {
      if (!is_of_process(key)) return;
      role.part = Role::Part::own_column;
      planned_.emplace_back(id, key);
      return;
    }
    role.process = others_.process_of(key);
    role.part = key.name == kResident ? Role::Part::others_resident
                : key.name == kCpu    ? Role::Part::others_cpu
                                      : Role::Part::others_alive;
    if (key.name == kCpu) role.mode = others_.mode_of(key.label("mode"));
  }

  void add_others() {
    if (!others_.any()) return;
    const auto add = [&](std::string_view name, metric::Labels labels, metric::Kind kind) {
      const std::size_t column = gathered_.moments.add_column(kind);
      gathered_.series.push_back({{std::string(name), std::move(labels)}, kind, column});
      return column;
    };
    resident_column_ = add(kResident, {{"name", "others"}}, metric::Kind::gauge);
    cpu_columns_.resize(others_.modes().size());
    for (const auto& [mode, index] : others_.modes()) {
      metric::Labels labels;
      if (!mode.empty()) labels.push_back({"mode", mode});
      labels.push_back({"name", "others"});
      cpu_columns_[index] = add(kCpu, std::move(labels), metric::Kind::counter);
    }
  }

  std::vector<Role> roles_;  // by SeriesId
  std::set<std::pair<std::string, std::string>> shown_;
  std::vector<std::pair<std::size_t, metric::SeriesKey>> planned_;
  Others others_;
  GatheredSeries gathered_{Thinner(0, 1, 1), {}};
  std::size_t resident_column_ = 0;
  std::vector<std::size_t> cpu_columns_;
};

}  // namespace

Result<GatheredSeries> gather_report_series(const Record& record, const SeriesView& view) {
  Gathering gathering(record, view);
  if (auto read = view.each_tick([&](const metric::Tick& tick) { gathering.take(tick); }); !read)
    return pass_on(read);
  return gathering.finish();
}

}  // namespace ullage::run
