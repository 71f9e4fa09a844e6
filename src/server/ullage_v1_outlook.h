// SPDX-License-Identifier: Apache-2.0
// How the machine stands and what is left of it until when: the values that each tick has, the few minutes
// before them remembered, and forecasts of memory and of each disk. Series in, an Overview out; knows neither
// HTTP nor sensors. What the kernel does not tell is absent. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/forecast.h"
#include "metric/live_series.h"

namespace ullage::server {

struct MemoryOverview {
  std::optional<double> total_bytes, available_bytes, swap_total_bytes, swap_free_bytes;
  std::optional<double> growth_bytes_per_minute;  // where there is a trend beyond doubt
  std::optional<analysis::TimeUntil> until;       // nothing is available any more
};
struct CpuOverview {
  std::size_t processors = 0;
  std::optional<double> used_cores;  // over the last ten seconds
};
struct DiskOverview {
  std::string mountpoint, device, type;
  double size_bytes = 0, available_bytes = 0;
  std::optional<analysis::TimeUntil> until;
};
// The share of the last ten seconds in which something waited (some) or everything did (full).
struct PressureOverview {
  std::optional<double> cpu_some, memory_some, memory_full, io_some, io_full;
};
struct Overview {
  std::int64_t time_ms = 0;
  MemoryOverview memory;
  CpuOverview cpu;
  std::vector<DiskOverview> disks;  // each device once, by its shortest mountpoint
  PressureOverview pressure;
};

// A quantity that may meet its limit, watched long enough to have a trend.
class Watched {
 public:
  explicit Watched(double every_seconds) : every_seconds_(every_seconds) {}
  void add(double seconds, double value);
  bool is_due() const { return is_due_; }  // there are values that no forecast has seen
  void forecast(double limit);
  const std::optional<analysis::TimeUntil>& until() const { return until_; }
  const std::optional<double>& slope_per_second() const { return slope_per_second_; }

 private:
  double every_seconds_;
  std::deque<analysis::Point> points_;
  bool is_due_ = false;
  std::optional<analysis::TimeUntil> until_;
  std::optional<double> slope_per_second_;
};

class Outlook {
 public:
  // After each tick. At most one forecast is made at a call, which takes some tenths of a millisecond.
  void look(metric::LiveSeries& live);
  const Overview& overview() const { return overview_; }

 private:
  struct Moment {  // counters that rates are made of
    double seconds = 0;
    std::optional<double> busy, cpu_some, memory_some, memory_full, io_some, io_full;
  };
  struct Disk {
    DiskOverview told;
    Watched watched{15};
    double seen_seconds = 0;
  };

  void take(const metric::LiveSeries::Entry& entry, Moment& moment);
  void take_memory(std::string_view name, double value);
  void take_disk(const metric::LiveSeries::Entry& entry);
  void rate(const Moment& moment);
  void watch(double seconds);
  void forecast();
  void list_disks(double seconds);

  Overview overview_;
  std::deque<Moment> moments_;
  Watched memory_{5};
  std::map<std::string, Disk> disks_;  // by mountpoint
  std::string forecast_last_;          // the disk whose turn was last
};

// The JSON object of docs/reference/ullage-api.yaml. `extra`: further fields, each with a comma after it.
std::string overview_json(const Overview& overview, std::string_view extra);

}  // namespace ullage::server
