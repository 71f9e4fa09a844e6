// SPDX-License-Identifier: Apache-2.0
#include "top/machine_view.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/forecast.h"
#include "base/clock.h"
#include "base/text.h"
#include "run/secrets.h"
#include "sense/proc/costly_turn.h"
#include "sense/proc/process_tree.h"
#include "sense/proc/used_memory.h"
#include "sense/processes/process_row.h"
#include "sense/sample.h"
#include "top/daemon_word.h"

namespace ullage::top {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kTrailTime = std::chrono::seconds(60);
// The trend is over the last five minutes; a point each two seconds at most keeps it cheap (Theil–Sen looks
// at every two of them).
constexpr double kTrendSeconds = 300, kTrendStepSeconds = 2;
// Beyond this "lasts" says nothing.
constexpr double kLongSeconds = 7 * 86400.0;

std::optional<double> rate(double now, double before, std::optional<double> elapsed_seconds) {
  // A counter that fell was started anew.
  if (!elapsed_seconds || now < before) return std::nullopt;
  return (now - before) / *elapsed_seconds;
}

std::optional<double> rate(const std::optional<double>& now, const std::optional<double>& before,
                           std::optional<double> elapsed_seconds) {
  if (!now || !before) return std::nullopt;
  return rate(*now, *before, elapsed_seconds);
}

Stall stall_of(const sense::PressureSample& now, const sense::PressureSample& before,
               std::optional<double> elapsed_seconds) {
  return {.some = rate(now.some_seconds, before.some_seconds, elapsed_seconds),
          .full = rate(now.full_seconds, before.full_seconds, elapsed_seconds)};
}

// What it holds now: what PSS said when it was read, and all that has come since.
std::uint64_t used_bytes_of(const sense::TreeProcess& process) {
  if (process.borrows_memory || process.sample.state == 'Z') return 0;
  const std::uint64_t counted = sense::counted_bytes(process.sample);
  if (!process.proportional) return counted;
  const sense::ProportionalReading& then = *process.proportional;
  const std::uint64_t gained = counted - std::min(counted, then.counted_bytes);
  return std::min(counted, then.used_bytes + gained);
}

// Forked processes share what they have not written since; what is small hardly does.
bool may_share_unknown(const sense::TreeProcess& process) {
  return !process.proportional && !process.borrows_memory && sense::is_worth_proportional(process);
}

std::string command_of(const sense::ProcessRow& process) {
  if (process.command_line.empty()) return '[' + printable(process.sample.name) + ']';
  std::vector<std::string> arguments;
  std::string_view rest = process.command_line;
  while (!rest.empty()) arguments.emplace_back(take_until(rest, '\0'));
  std::string text;
  for (const std::string& argument : run::mask_arguments(arguments))
    text.append(text.empty() ? "" : " ").append(argument);
  return printable(text);
}

void extend(Trail& trail, const TrailPoint& point) {
  trail.push_back(point);
  while (trail.front().at + kTrailTime < point.at) trail.pop_front();
}

// The growth that the sensor tells takes a minute to be known; until then that of the trail.
std::optional<double> trail_growth_per_minute(const Trail& trail) {
  const auto differs = [&](const TrailPoint& point) { return point.used_bytes != trail.front().used_bytes; };
  if (std::ranges::none_of(trail, differs)) return std::nullopt;
  std::vector<analysis::Point> points;
  for (const TrailPoint& point : trail)
    points.push_back({to_seconds(point.at - trail.front().at), point.used_bytes});
  const auto trend = analysis::robust_trend(points);
  return trend ? std::optional(trend->slope_per_second * 60) : std::nullopt;
}

template <class T>
void add_known(std::optional<T>& sum, const std::optional<T>& value) {
  if (value) sum = sum.value_or(T{}) + *value;
}

void add_to_group(RowView& group, const RowView& process) {
  ++group.processes;
  group.threads += process.threads;
  group.used_bytes += process.used_bytes;
  group.undivided += process.undivided;
  group.cpu_cores += process.cpu_cores;
  add_known(group.resident_bytes, process.resident_bytes);
  add_known(group.swap_bytes, process.swap_bytes);
  add_known(group.growth_bytes_per_minute, process.growth_bytes_per_minute);
  add_known(group.read_per_second, process.read_per_second);
  add_known(group.written_per_second, process.written_per_second);
  if (process.headroom_bytes)
    group.headroom_bytes =
        std::min(group.headroom_bytes.value_or(*process.headroom_bytes), *process.headroom_bytes);
}

}  // namespace

std::optional<double> RowView::seconds_until_full() const {
  if (!headroom_bytes || !growth_bytes_per_minute || *growth_bytes_per_minute <= 0) return std::nullopt;
  const double seconds = static_cast<double>(*headroom_bytes) / *growth_bytes_per_minute * 60;
  return seconds < kLongSeconds ? std::optional(seconds) : std::nullopt;
}

void MachineView::take(const MachineReading& reading) {
  elapsed_seconds_.reset();
  if (readings_ > 0 && reading.at > at_) elapsed_seconds_ = to_seconds(reading.at - at_);
  at_ = reading.at;
  time_ms_ = reading.time_ms;
  ++readings_;
  take_host(reading);
  take_memory(reading);
  take_processes(reading);
  take_groups();
}

void MachineView::take_host(const MachineReading& reading) {
  const sense::HostSample &now = reading.host, &before = host_before_;
  host_ = {.time_ms = reading.time_ms,
           .name = printable(reading.host_name),
           .cached_bytes = now.cached_bytes,
           .swap_total_bytes = now.swap_total_bytes,
           .cores = reading.capacity.cores,
           .load = now.load,
           .cpu_stall = stall_of(now.pressure.cpu, before.pressure.cpu, elapsed_seconds_),
           .memory_stall = stall_of(now.pressure.memory, before.pressure.memory, elapsed_seconds_),
           .io_stall = stall_of(now.pressure.io, before.pressure.io, elapsed_seconds_),
           .hidden = reading.hidden};
  if (now.swap_total_bytes && now.swap_free_bytes)
    host_.swap_used_bytes = *now.swap_total_bytes - std::min(*now.swap_total_bytes, *now.swap_free_bytes);
  if (now.cpu_seconds && before.cpu_seconds && elapsed_seconds_) {
    auto& cores = host_.cpu_cores.emplace();
    for (std::size_t mode = 0; mode < cores.size(); ++mode) {
      cores[mode] = std::max(0.0, (*now.cpu_seconds)[mode] - (*before.cpu_seconds)[mode]) / *elapsed_seconds_;
      host_.processors += cores[mode];
    }
  }
  for (const sense::DiskSample& disk : now.disks) {
    const auto was = std::ranges::find(before.disks, disk.device, &sense::DiskSample::device);
    if (was == before.disks.end()) continue;
    const auto of = [&](auto member) {
      return rate(static_cast<double>(disk.*member), static_cast<double>((*was).*member), elapsed_seconds_);
    };
    add_known(host_.disk_read_per_second, of(&sense::DiskSample::read_bytes));
    add_known(host_.disk_written_per_second, of(&sense::DiskSample::written_bytes));
    const auto busy = of(&sense::DiskSample::busy_seconds);
    if (!busy || *busy <= host_.busiest_disk_ratio.value_or(-1)) continue;
    host_.busiest_disk_ratio = std::min(1.0, *busy);
    host_.busiest_disk = printable(disk.device);
  }
  if (reading.network && network_before_) {
    const auto of = [&](auto member) {
      return rate(static_cast<double>((*reading.network).*member),
                  static_cast<double>((*network_before_).*member), elapsed_seconds_);
    };
    host_.received_per_second = of(&NetworkCounters::received_bytes);
    host_.sent_per_second = of(&NetworkCounters::sent_bytes);
  }
  host_before_ = now;
  network_before_ = reading.network;
}

void MachineView::take_memory(const MachineReading& reading) {
  host_.limit_bytes = reading.capacity.memory_bytes;
  host_.limit_source = printable(reading.capacity.memory_source);
  host_.headroom_bytes = reading.headroom_bytes;
  if (!host_.limit_bytes || !host_.headroom_bytes) return;
  host_.used_bytes = *host_.limit_bytes - std::min(*host_.limit_bytes, *host_.headroom_bytes);
  if (readings_ == 1) remember_memory();
  const double now = to_seconds(reading.at);
  if (used_points_.empty() || now >= used_points_.back().seconds + kTrendStepSeconds * 0.99)
    used_points_.push_back({now, static_cast<double>(*host_.used_bytes)});
  while (used_points_.front().seconds < now - kTrendSeconds) used_points_.pop_front();
  const std::vector<analysis::Point> points(used_points_.begin(), used_points_.end());
  const auto lasts = analysis::time_until(static_cast<double>(*host_.limit_bytes), points);
  if (!lasts || lasts->seconds > kLongSeconds) return;
  host_.memory_lasts = lasts;
  if (const auto trend = analysis::robust_trend(points))
    host_.growth_bytes_per_second = trend->slope_per_second;
}

// The daemon watches the whole machine: where a cgroup is tighter, its past is another.
void MachineView::remember_memory() {
  if (!word_ || host_.limit_source != "machine") return;
  for (const PastPoint& point : word_->machine_used)
    if (point.time_ms < time_ms_)
      used_points_.push_back(
          {to_seconds(at_) - static_cast<double>(time_ms_ - point.time_ms) / 1000, point.value});
}

Trail MachineView::past_trail(const Past* past, double used_bytes) const {
  Trail trail;
  if (past == nullptr || past->held_bytes.empty()) return trail;
  // The daemon tells what is held, which may count a shared page more than once: as a share of the last.
  const double last = past->held_bytes.back().value;
  const double scale = last > 0 ? used_bytes / last : 0;
  auto cores = past->cpu_cores.begin();
  for (const PastPoint& point : past->held_bytes) {
    if (point.time_ms >= time_ms_) break;
    while (cores != past->cpu_cores.end() && cores->time_ms < point.time_ms) ++cores;
    const bool has_cores = cores != past->cpu_cores.end() && cores->time_ms == point.time_ms;
    trail.push_back({.at = at_ - std::chrono::milliseconds(time_ms_ - point.time_ms),
                     .used_bytes = static_cast<float>(point.value * scale),
                     .cpu_cores = has_cores ? static_cast<float>(cores->value) : 0});
  }
  return trail;
}

namespace {

template <class Map, class Key>
const auto* found_in(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

std::optional<double> MachineView::seconds_since(const std::int64_t* time_ms) const {
  if (time_ms == nullptr || *time_ms > time_ms_) return std::nullopt;
  return static_cast<double>(time_ms_ - *time_ms) / 1000;
}

RowView MachineView::row_of(const sense::ProcessRow& process, Known& known) const {
  const sense::ProcessSample& sample = process.sample;
  RowView row{.pid = sample.pid,
              .parent_pid = sample.parent_pid,
              .name = known.name,
              .user = printable(process.group->user),
              .group = printable(process.group->name),
              .unit = printable(process.group->unit),
              .command = known.command,
              .state = sample.state,
              .threads = sample.threads,
              .used_bytes = used_bytes_of(process),
              .undivided = may_share_unknown(process) ? 1u : 0u,
              .resident_bytes = sample.resident_bytes,
              .swap_bytes = sample.swap_bytes,
              .growth_bytes_per_minute = process.growth_bytes_per_minute,
              .growing_seconds = process.growing_seconds,
              .cpu_cores = process.cpu_cores};
  // At its first reading a process tells of all its life, not of the last interval.
  if (elapsed_seconds_ && sample.read_bytes && (!process.is_new || process.was_born)) {
    row.read_per_second = static_cast<double>(process.used.read_bytes) / *elapsed_seconds_;
    row.written_per_second = static_cast<double>(process.used.written_bytes) / *elapsed_seconds_;
  }
  const std::pair who(sample.pid, sample.name);
  if (word_ && known.trail.empty())
    known.trail = past_trail(found_in(word_->processes, who), static_cast<double>(row.used_bytes));
  extend(known.trail, {.at = at_,
                       .used_bytes = static_cast<float>(row.used_bytes),
                       .cpu_cores = static_cast<float>(row.cpu_cores)});
  row.trail = &known.trail;
  const double* told = word_ ? found_in(word_->process_growth, who) : nullptr;
  if (!row.growth_bytes_per_minute && told != nullptr) row.growth_bytes_per_minute = *told;
  // The daemon has looked for longer.
  const auto since = seconds_since(word_ ? found_in(word_->process_growing_since_ms, who) : nullptr);
  row.growing_seconds = std::max(row.growing_seconds, since);
  if (!row.growth_bytes_per_minute) row.growth_bytes_per_minute = trail_growth_per_minute(known.trail);
  return row;
}

void MachineView::take_processes(const MachineReading& reading) {
  processes_.clear();
  group_of_row_.clear();
  for (std::size_t i = 0; i < reading.processes.size(); ++i) {
    const sense::ProcessRow& process = reading.processes[i];
    Known& known = known_[process.sample.pid];
    const bool is_another = known.start_ticks != process.sample.start_ticks;
    if (is_another) known = {.start_ticks = process.sample.start_ticks};
    if (is_another || known.command_line != process.command_line || known.name != process.sample.name) {
      known.command_line = process.command_line;
      known.name = printable(process.sample.name);
      known.command = command_of(process);
    }
    processes_.push_back(row_of(process, known));
    processes_.back().is_own = process.sample.pid == reading.own_pid;
    if (i < reading.headrooms.size()) processes_.back().headroom_bytes = reading.headrooms[i];
    group_of_row_.push_back(process.group);
    host_.threads += process.sample.threads;
    host_.running += process.sample.state == 'R' ? 1 : 0;
  }
  host_.processes = processes_.size();
  // Those that were not extended now have ended.
  std::erase_if(known_, [&](const auto& entry) { return entry.second.trail.back().at != at_; });
}

// Workers forked from one parent would be told with its pages once each.
void MachineView::divide(const sense::ProcessGroup& group, RowView& sum) const {
  if (sum.undivided < 2) return;
  const std::uint64_t* told = word_ ? found_in(word_->group_proportional_bytes, group) : nullptr;
  if (told == nullptr) {
    sum.is_used_a_bound = true;
    return;
  }
  // What PSS does not hold: what is swapped out, and what has come since. Of both a shared page stands whole.
  std::uint64_t added = sum.swap_bytes.value_or(0);
  const std::uint64_t* resident_then = found_in(word_->group_resident_bytes, group);
  if (resident_then != nullptr && sum.resident_bytes)
    added += *sum.resident_bytes - std::min(*sum.resident_bytes, *resident_then);
  sum.used_bytes = std::min(sum.used_bytes, *told + added);
  sum.is_used_a_bound = added > 0;
}

void MachineView::take_groups() {
  std::map<sense::ProcessGroup, RowView> sums;
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    const RowView& row = processes_[i];
    RowView& sum = sums[*group_of_row_[i]];
    if (sum.name.empty()) {
      sum.processes = 0;
      sum.name = sum.group = row.group;
      sum.user = row.user;
      sum.unit = row.unit;
      sum.command = row.unit.empty() || row.unit == row.group ? row.group : row.group + "  " + row.unit;
    }
    add_to_group(sum, row);
  }
  groups_.clear();
  for (auto& [group, sum] : sums) {
    divide(group, sum);
    Trail& trail = group_trails_[group];
    if (word_ && trail.empty())
      trail = past_trail(found_in(word_->groups, group), static_cast<double>(sum.used_bytes));
    const double* told = word_ ? found_in(word_->group_growth, group) : nullptr;
    if (!sum.growth_bytes_per_minute && told != nullptr) sum.growth_bytes_per_minute = *told;
    sum.growing_seconds = seconds_since(word_ ? found_in(word_->group_growing_since_ms, group) : nullptr);
    extend(trail, {.at = at_,
                   .used_bytes = static_cast<float>(sum.used_bytes),
                   .cpu_cores = static_cast<float>(sum.cpu_cores)});
    sum.trail = &trail;
    groups_.push_back(std::move(sum));
  }
  std::erase_if(group_trails_, [&](const auto& entry) { return entry.second.back().at != at_; });
}

}  // namespace ullage::top
