// SPDX-License-Identifier: Apache-2.0
#include "server/ullage_v1_outlook.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/forecast.h"
#include "metric/live_series.h"
#include "query/api_json.h"

namespace ullage::server {

namespace {

constexpr std::size_t kPointsMax = 120;
constexpr double kRateSeconds = 10;
// Filesystems that are no room of the machine's: made of memory, or read once and for all.
constexpr std::array<std::string_view, 9> kNoDisks = {"tmpfs", "devtmpfs", "ramfs", "squashfs", "iso9660",
                                                      "erofs", "cgroup2",  "proc",  "sysfs"};

std::optional<double> rate_of(const std::optional<double>& from, const std::optional<double>& to,
                              double seconds) {
  if (!from || !to || seconds <= 0 || *to < *from) return std::nullopt;
  return (*to - *from) / seconds;
}

std::optional<double> share_of(const std::optional<double>& from, const std::optional<double>& to,
                               double seconds) {
  const auto rate = rate_of(from, to, seconds);
  return rate ? std::optional(std::min(1.0, *rate)) : std::nullopt;
}

void add(std::optional<double>& sum, double value) { sum = sum.value_or(0) + value; }

}  // namespace

void Watched::add(double seconds, double value) {
  if (!points_.empty() && seconds < points_.back().seconds) points_.clear();  // the clock was set back
  if (!points_.empty() && seconds - points_.back().seconds < every_seconds_) return;
  points_.push_back({seconds, value});
  if (points_.size() > kPointsMax) points_.pop_front();
  is_due_ = true;
}

void Watched::forecast(double limit) {
  is_due_ = false;
  const std::vector<analysis::Point> points(points_.begin(), points_.end());
  until_ = analysis::time_until(limit, points);
  slope_per_second_.reset();
  if (!until_) return;
  if (const auto trend = analysis::robust_trend(points)) slope_per_second_ = trend->slope_per_second;
}

void Outlook::take_memory(std::string_view name, double value) {
  if (name == "node_memory_MemTotal_bytes") overview_.memory.total_bytes = value;
  if (name == "node_memory_MemAvailable_bytes") overview_.memory.available_bytes = value;
  if (name == "node_memory_SwapTotal_bytes") overview_.memory.swap_total_bytes = value;
  if (name == "node_memory_SwapFree_bytes") overview_.memory.swap_free_bytes = value;
}

void Outlook::take_disk(const metric::LiveSeries::Entry& entry) {
  const std::string_view type = entry.key.label("fstype");
  if (std::ranges::find(kNoDisks, type) != kNoDisks.end()) return;
  const bool is_size = entry.key.name == "node_filesystem_size_bytes";
  if (!is_size && entry.key.name != "node_filesystem_avail_bytes") return;
  Disk& disk = disks_[std::string(entry.key.label("mountpoint"))];
  disk.told.mountpoint = entry.key.label("mountpoint");
  disk.told.device = entry.key.label("device");
  disk.told.type = type;
  (is_size ? disk.told.size_bytes : disk.told.available_bytes) = entry.value;
  disk.seen_seconds = static_cast<double>(entry.time_ms) / 1000;
}

void Outlook::take(const metric::LiveSeries::Entry& entry, Moment& moment) {
  const std::string_view name = entry.key.name;
  // One with a job was scraped from elsewhere.
  if (!name.starts_with("node_") || !entry.key.label("job").empty()) return;
  if (name.starts_with("node_memory_")) return take_memory(name, entry.value);
  if (name.starts_with("node_filesystem_")) return take_disk(entry);
  if (name == "node_cpu_seconds_total") {
    const std::string_view mode = entry.key.label("mode");
    overview_.cpu.processors += mode == "idle" ? 1 : 0;
    if (mode != "idle" && mode != "iowait") add(moment.busy, entry.value);
  } else if (name == "node_pressure_cpu_waiting_seconds_total") {
    moment.cpu_some = entry.value;
  } else if (name == "node_pressure_memory_waiting_seconds_total") {
    moment.memory_some = entry.value;
  } else if (name == "node_pressure_memory_stalled_seconds_total") {
    moment.memory_full = entry.value;
  } else if (name == "node_pressure_io_waiting_seconds_total") {
    moment.io_some = entry.value;
  } else if (name == "node_pressure_io_stalled_seconds_total") {
    moment.io_full = entry.value;
  }
}

void Outlook::rate(const Moment& moment) {
  if (!moments_.empty() && moment.seconds <= moments_.back().seconds) moments_.clear();
  moments_.push_back(moment);
  while (moments_.size() > 2 && moment.seconds - moments_[1].seconds >= kRateSeconds) moments_.pop_front();
  const Moment& from = moments_.front();
  const double seconds = moment.seconds - from.seconds;
  overview_.cpu.used_cores = rate_of(from.busy, moment.busy, seconds);
  overview_.pressure = {.cpu_some = share_of(from.cpu_some, moment.cpu_some, seconds),
                        .memory_some = share_of(from.memory_some, moment.memory_some, seconds),
                        .memory_full = share_of(from.memory_full, moment.memory_full, seconds),
                        .io_some = share_of(from.io_some, moment.io_some, seconds),
                        .io_full = share_of(from.io_full, moment.io_full, seconds)};
}

void Outlook::watch(double seconds) {
  const MemoryOverview& memory = overview_.memory;
  if (memory.total_bytes && memory.available_bytes)
    memory_.add(seconds, *memory.total_bytes - *memory.available_bytes);
  for (auto& [mountpoint, disk] : disks_)
    disk.watched.add(seconds, disk.told.size_bytes - disk.told.available_bytes);
}

// Memory whenever there is something new; else the next disk in turn.
void Outlook::forecast() {
  if (memory_.is_due()) {
    memory_.forecast(overview_.memory.total_bytes.value_or(0));
    return;
  }
  auto next = disks_.upper_bound(forecast_last_);
  for (std::size_t i = 0; i < disks_.size(); ++i, ++next) {
    if (next == disks_.end()) next = disks_.begin();
    if (!next->second.watched.is_due()) continue;
    next->second.watched.forecast(next->second.told.size_bytes);
    forecast_last_ = next->first;
    return;
  }
}

void Outlook::list_disks(double seconds) {
  std::erase_if(disks_, [&](const auto& one) { return one.second.seen_seconds < seconds; });
  std::vector<const Disk*> disks;
  for (const auto& [mountpoint, disk] : disks_)
    if (disk.told.size_bytes > 0) disks.push_back(&disk);
  // A device that is mounted in several places, as a container's files are, is one room.
  std::ranges::sort(disks, {}, [](const Disk* disk) {
    return std::pair(disk->told.mountpoint.size(), std::string_view(disk->told.mountpoint));
  });
  std::set<std::string_view> devices;
  overview_.disks.clear();
  for (const Disk* disk : disks) {
    if (!devices.insert(disk->told.device).second) continue;
    overview_.disks.push_back(disk->told);
    overview_.disks.back().until = disk->watched.until();
  }
  std::ranges::sort(overview_.disks, {}, &DiskOverview::mountpoint);
}

void Outlook::look(metric::LiveSeries& live) {
  const double seconds = static_cast<double>(live.time_ms()) / 1000;
  overview_ = {};
  overview_.time_ms = live.time_ms();
  Moment moment{.seconds = seconds};
  live.each_current([&](const metric::LiveSeries::Entry& entry) { take(entry, moment); });
  rate(moment);
  watch(seconds);
  forecast();
  overview_.memory.until = memory_.until();
  if (const auto& slope = memory_.slope_per_second()) overview_.memory.growth_bytes_per_minute = *slope * 60;
  list_disks(seconds);
}

namespace {

std::string number(const std::optional<double>& value) {
  return value && std::isfinite(*value) ? fmt::format("{}", *value) : "null";
}

std::string until_json(const std::optional<analysis::TimeUntil>& until) {
  if (!until) return "null";
  return fmt::format(R"({{"seconds":{},"seconds_low":{},"seconds_high":{}}})", number(until->seconds),
                     number(until->seconds_low), number(until->seconds_high));
}

}  // namespace

std::string overview_json(const Overview& overview, std::string_view extra) {
  const MemoryOverview& memory = overview.memory;
  const auto used = memory.total_bytes && memory.available_bytes
                        ? std::optional(*memory.total_bytes - *memory.available_bytes)
                        : std::nullopt;
  std::string json = fmt::format(R"({{{}"time_ms":{},)", extra, overview.time_ms);
  json += fmt::format(R"("memory":{{"total_bytes":{},"available_bytes":{},"used_bytes":{},)",
                      number(memory.total_bytes), number(memory.available_bytes), number(used));
  json +=
      fmt::format(R"("swap_total_bytes":{},"swap_free_bytes":{},"growth_bytes_per_minute":{},"until":{}}},)",
                  number(memory.swap_total_bytes), number(memory.swap_free_bytes),
                  number(memory.growth_bytes_per_minute), until_json(memory.until));
  json += fmt::format(R"("cpu":{{"processors":{},"used_cores":{}}},"disks":[)", overview.cpu.processors,
                      number(overview.cpu.used_cores));
  for (const DiskOverview& disk : overview.disks) {
    if (&disk != &overview.disks.front()) json += ',';
    json += fmt::format(
        R"({{"mountpoint":{},"device":{},"type":{},"size_bytes":{},"available_bytes":{},"until":{}}})",
        query::json_string(disk.mountpoint), query::json_string(disk.device), query::json_string(disk.type),
        number(disk.size_bytes), number(disk.available_bytes), until_json(disk.until));
  }
  const PressureOverview& pressure = overview.pressure;
  json += fmt::format(
      R"(],"pressure":{{"cpu_some":{},"memory_some":{},"memory_full":{},"io_some":{},"io_full":{}}}}})",
      number(pressure.cpu_some), number(pressure.memory_some), number(pressure.memory_full),
      number(pressure.io_some), number(pressure.io_full));
  return json;
}

}  // namespace ullage::server
