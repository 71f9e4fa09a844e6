// SPDX-License-Identifier: Apache-2.0
// What a person wants to know of a machine at a glance, made of one reading after another: rates, how long
// the memory lasts, and a row for each process and each group of them with its last minute. Values in, values
// out; who reads the machine is machine_reader.h, what a screen shows of it is screen_text.h. One thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analysis/forecast.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/processes/process_row.h"
#include "sense/processes/process_table.h"
#include "sense/sample.h"
#include "top/daemon_word.h"

namespace ullage::top {

struct NetworkCounters {  // of all devices but the loopback
  std::uint64_t received_bytes = 0, sent_bytes = 0;
};

// One moment of the machine, as it was read.
struct MachineReading {
  std::chrono::nanoseconds at{0};  // monotonic
  std::int64_t time_ms = 0;
  std::string host_name;     // any bytes
  std::int64_t own_pid = 0;  // of the program that shows it
  sense::HostSample host;
  sense::Capacity capacity;                     // the tightest limits where we stand
  std::optional<std::uint64_t> headroom_bytes;  // under the tightest of them
  std::optional<NetworkCounters> network;
  std::span<const sense::ProcessRow> processes;
  std::span<const std::optional<std::uint64_t>> headrooms;  // of each process, in step; empty: not known
  sense::HiddenProcesses hidden = {};
};

struct Stall {  // the share of time since the reading before in which work stood still
  std::optional<double> some, full;
};

struct HostView {
  std::int64_t time_ms = 0;
  std::string name;  // safe for a terminal
  sense::OptionalBytes limit_bytes, headroom_bytes, used_bytes, cached_bytes, swap_total_bytes,
      swap_used_bytes;
  std::string limit_source;  // "machine", "cgroup /a"; safe for a terminal
  std::optional<analysis::TimeUntil> memory_lasts;
  std::optional<double> growth_bytes_per_second;  // of what is used; where the trend is beyond doubt
  double cores = 0;                               // that may be used here
  // In cores, by mode as HostSample::kModes; of the whole machine.
  std::optional<std::array<double, sense::HostSample::kModes.size()>> cpu_cores;
  double processors = 0;  // of the whole machine
  std::optional<std::array<double, 3>> load;
  Stall cpu_stall, memory_stall, io_stall;
  std::optional<double> disk_read_per_second, disk_written_per_second;  // bytes
  std::optional<double> busiest_disk_ratio;
  std::string busiest_disk;
  std::optional<double> received_per_second, sent_per_second;  // bytes
  std::size_t processes = 0, running = 0;
  std::uint64_t threads = 0;
  sense::HiddenProcesses hidden = {};
};

struct TrailPoint {
  std::chrono::nanoseconds at{0};
  float used_bytes = 0, cpu_cores = 0;
};
// The last minute, the oldest first.
using Trail = std::deque<TrailPoint>;

// A process, or a group of them. Texts are safe for a terminal.
struct RowView {
  std::int64_t pid = 0, parent_pid = 0;  // of a group 0
  std::string name, user, group, unit;
  std::string command;  // with its arguments, secrets masked; of a thread of the kernel its name in brackets
  char state = '?';
  bool is_own = false;  // the program that shows it, whose arguments hold the filter itself
  std::uint64_t processes = 1, threads = 0;
  std::uint64_t used_bytes = 0;  // what cannot be reclaimed, shared pages divided where that is known
  // Of a group: PSS is not known of all that may share pages or of all that these hold now, and what it is
  // not known of stands there whole.
  bool is_used_a_bound = false;
  std::uint64_t undivided = 0;  // processes of a group of which it is not known
  sense::OptionalBytes resident_bytes, swap_bytes;
  std::optional<double> growth_bytes_per_minute;
  std::optional<double>
      growing_seconds;  // for how long it has grown without a pause; absent while it does not
  double cpu_cores = 0;
  std::optional<double> read_per_second, written_per_second;  // bytes, storage
  sense::OptionalBytes headroom_bytes;  // under the tightest limit that applies to it; of a group the least
  const Trail* trail = nullptr;         // valid until the next reading

  double io_per_second() const { return read_per_second.value_or(0) + written_per_second.value_or(0); }
  // Until it alone has used up its headroom, at the pace of the last minutes.
  std::optional<double> seconds_until_full() const;
};

class MachineView {
 public:
  // What a daemon says: growth and runs hold until it says otherwise; the past goes before the first reading.
  void hear(DaemonWord word) { word_ = std::move(word); }
  void hear_nothing() { word_.reset(); }
  // Rates are true from the second reading on.
  void take(const MachineReading& reading);

  const HostView& host() const { return host_; }
  std::span<const RowView> processes() const { return processes_; }  // by pid
  std::span<const RowView> groups() const { return groups_; }        // by name and user
  const std::optional<DaemonWord>& daemon() const { return word_; }
  std::size_t readings() const { return readings_; }
  double interval_seconds() const { return elapsed_seconds_.value_or(0); }  // between the last two
  std::chrono::nanoseconds at() const { return at_; }

 private:
  struct Known {  // of a process that has been seen
    std::int64_t start_ticks = 0;
    std::string command_line;  // that `command` was made of
    std::string name, command;
    Trail trail;
  };
  void take_host(const MachineReading& reading);
  void take_memory(const MachineReading& reading);
  void take_processes(const MachineReading& reading);
  void take_groups();
  void divide(const sense::ProcessGroup& group, RowView& sum) const;
  std::optional<double> seconds_since(const std::int64_t* time_ms) const;
  RowView row_of(const sense::ProcessRow& process, Known& known) const;
  // The past of what is seen for the first time, as a trail that ends at what it holds now.
  Trail past_trail(const Past* past, double used_bytes) const;
  void remember_memory();

  std::optional<DaemonWord> word_;
  std::chrono::nanoseconds at_{0};
  std::int64_t time_ms_ = 0;  // of the same moment
  std::optional<double> elapsed_seconds_;
  std::size_t readings_ = 0;
  HostView host_;
  sense::HostSample host_before_;
  std::optional<NetworkCounters> network_before_;
  std::deque<analysis::Point> used_points_;
  std::unordered_map<std::int64_t, Known> known_;  // by pid
  std::map<sense::ProcessGroup, Trail> group_trails_;
  std::vector<RowView> processes_, groups_;
  std::vector<sense::SharedGroup> group_of_row_;  // in step with processes_
};

}  // namespace ullage::top
