// SPDX-License-Identifier: Apache-2.0
// What the sensors read, as plain values: one process, one cgroup, the machine. A field the kernel did not
// tell is absent, never 0. Times are seconds, sizes bytes; counters are as the kernel has them since the
// start of their subject. Mapping to series is sense/series.h's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ullage::sense {

using OptionalBytes = std::optional<std::uint64_t>;
using OptionalCount = std::optional<std::uint64_t>;
using OptionalSeconds = std::optional<double>;

struct ProcessSample {
  std::int64_t pid = 0;
  std::int64_t parent_pid = 0;
  std::int64_t start_ticks = 0;          // since boot; with the pid, a process's identity
  std::string name;                      // as the kernel has it: any bytes, at most 15
  char state = '?';                      // R S D Z T t I X
  std::optional<std::uint32_t> user_id;  // the effective one
  double user_seconds = 0;
  double system_seconds = 0;
  double children_user_seconds = 0;  // of the children it has waited for, and theirs
  double children_system_seconds = 0;
  std::uint64_t threads = 0;
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  OptionalBytes resident_bytes;
  OptionalBytes anonymous_bytes;
  OptionalBytes file_bytes;
  OptionalBytes shared_bytes;
  OptionalBytes swap_bytes;
  OptionalBytes resident_peak_bytes;  // VmHWM
  OptionalBytes data_bytes;           // VmData: private writable memory it asked for, touched or not
  OptionalBytes proportional_bytes;   // PSS, all of it
  OptionalBytes
      proportional_used_bytes;  // PSS of anonymous and shared memory, plus SwapPss: what cannot be reclaimed
  OptionalCount open_files;
  OptionalCount voluntary_switches;
  OptionalCount involuntary_switches;
  OptionalBytes read_bytes;  // storage, /proc/PID/io
  OptionalBytes written_bytes;
  OptionalSeconds run_queue_wait_seconds;  // summed over its threads
};

struct PressureSample {  // of one resource: total stall time since boot or since the cgroup's birth
  OptionalSeconds some_seconds;
  OptionalSeconds full_seconds;
};
struct Pressures {
  PressureSample cpu, memory, io;
  bool any() const { return cpu.some_seconds || memory.some_seconds || io.some_seconds; }
};

struct CgroupSample {
  // memory
  OptionalBytes current_bytes, peak_bytes, limit_bytes, high_bytes;
  OptionalBytes anonymous_bytes, shared_bytes, kernel_bytes, unevictable_bytes, dirty_bytes, file_bytes;
  OptionalBytes inactive_file_bytes;
  OptionalBytes swap_bytes;
  // anonymous + shared + kernel + unevictable + dirty (shared and dirty are inside file in the kernel's sums)
  OptionalBytes used_bytes() const;
  OptionalCount oom_kills, oom_events, high_events, max_events;
  OptionalCount minor_faults, major_faults;
  // cpu
  OptionalSeconds usage_seconds, user_seconds, system_seconds, throttled_seconds;
  OptionalCount periods, throttled_periods;
  std::optional<double> quota_cores;  // quota / period
  // pids
  OptionalCount processes, processes_limit;
  // io, summed over devices
  OptionalBytes read_bytes, written_bytes;
  Pressures pressure;
};

struct DiskSample {
  std::string device;
  std::uint64_t read_bytes = 0, written_bytes = 0;
  double busy_seconds = 0;
};

struct HostSample {
  OptionalBytes memory_total_bytes, memory_free_bytes, memory_available_bytes, cached_bytes, dirty_bytes;
  OptionalBytes swap_total_bytes, swap_free_bytes;
  // user nice system idle iowait irq softirq steal, all processors together
  static constexpr std::array<std::string_view, 8> kModes = {"user",   "nice", "system",  "idle",
                                                             "iowait", "irq",  "softirq", "steal"};
  std::optional<std::array<double, 8>> cpu_seconds;
  std::optional<std::array<double, 3>> load;  // 1, 5, 15 minutes
  OptionalCount oom_kills, swapped_in_pages, swapped_out_pages;
  std::vector<DiskSample> disks;  // whole disks that have done something
  Pressures pressure;
};

}  // namespace ullage::sense
