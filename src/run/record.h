// SPDX-License-Identifier: Apache-2.0
// What is known of one run, as values: the one shape that the summary, `show`, `diff`, `advise`, the JSON
// (docs/formats/run-json.md) and the report all read. The session writes it into the run's file each
// second and at the end; a run whose supervisor died is read from the last one written.
// What the kernel did not tell is absent (std::nullopt), never 0.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ullage::run {

enum class State { running, finished, interrupted };
std::string_view to_string(State state);

struct Cpu {
  std::optional<double> user_seconds;
  std::optional<double> system_seconds;
  std::optional<double> throttled_seconds;       // held back by a CPU quota
  std::optional<double> run_queue_wait_seconds;  // runnable, but no processor was free
  double cores_available = 0;                    // min(affinity, cpuset, quota of every ancestor), fractional
};

struct Memory {
  std::optional<std::uint64_t> peak_bytes;  // of used memory: what cannot be reclaimed
  std::string peak_method;  // "samples", "process high-water mark", "taskstats", "wait4", "cgroup"
  std::optional<std::int64_t> peak_ms;             // when
  std::optional<std::uint64_t> cgroup_peak_bytes;  // the cgroup's own mark, page cache included
  std::optional<std::uint64_t> limit_bytes;        // the tightest that applies
  std::string limit_source;                        // "--memory", "cgroup /system.slice/x", "machine"
  std::optional<std::uint64_t> average_bytes;      // of used memory over time
  std::optional<std::uint64_t> cache_bytes;        // page cache at its largest
  std::optional<std::uint64_t> swap_peak_bytes;
  // The peak without page cache that waited to be written out; absent where peak_bytes has none in it.
  std::optional<std::uint64_t> peak_without_dirty_bytes;
};

struct Io {
  std::optional<std::uint64_t> read_bytes;
  std::optional<std::uint64_t> written_bytes;
};

struct Activity {  // counts of the whole run
  std::optional<std::uint64_t> minor_faults;
  std::optional<std::uint64_t> major_faults;
  std::optional<std::uint64_t> voluntary_switches;
  std::optional<std::uint64_t> involuntary_switches;
};

struct Pressure {     // seconds stalled during the run (PSI)
  std::string scope;  // "cgroup" (the run alone) or "machine"; empty when there is no PSI
  std::optional<double> cpu_some_seconds;
  std::optional<double> memory_some_seconds;
  std::optional<double> memory_full_seconds;
  std::optional<double> io_some_seconds;
  std::optional<double> io_full_seconds;
};

struct Processes {
  std::uint64_t total = 0;         // that ever lived in the run
  std::uint64_t peak = 0;          // alive at once, as sampled
  std::uint64_t left_running = 0;  // alive when the run ended
  std::string counted_by;          // "taskstats", "cgroup", "wait4 and samples"
};

struct Limit {
  std::string resource;       // "memory", "cpus", "pids", "timeout"
  double asked = 0;           // bytes, cores, processes, seconds
  std::optional<double> got;  // read back from the kernel; absent when nothing holds it
  std::string mechanism;      // "cgroup v2", "cgroup v1", "affinity", "supervisor", "none"
  std::string problem;        // why a better mechanism, or any, could not be had
};

struct Phase {
  std::string name;
  std::int64_t begin_ms = 0;
  std::optional<std::int64_t> end_ms;  // absent while it lasts
  std::optional<std::uint64_t> peak_bytes;
  std::optional<double> cpu_seconds;
};

struct Event {
  std::int64_t time_ms = 0;
  std::string kind;      // "memory_warning", "limit", "oom", "signal", "emit", "storage", "process" …
  std::string severity;  // "info", "warning", "critical"
  std::string text;      // a sentence for a person
};

struct Process {         // one row of the process table; the lesser ones are summed in rows by name
  std::int64_t pid = 0;  // 0 in a row that sums several
  std::int64_t parent_pid = 0;
  std::string name;
  std::string command;      // arguments, secrets masked; empty when it could not be read
  std::uint64_t count = 1;  // how many processes the row stands for
  std::int64_t begin_ms = 0;
  std::optional<std::int64_t> end_ms;
  std::optional<std::uint64_t> peak_bytes;  // resident high-water mark
  std::optional<double> user_seconds;
  std::optional<double> system_seconds;
  std::optional<std::uint64_t> read_bytes;
  std::optional<std::uint64_t> written_bytes;
  std::uint64_t threads_peak = 0;
  std::optional<int> exit_code;
  std::optional<int> signal;
};

struct Oom {           // present when the run was ended for exceeding memory
  std::string killer;  // "kernel", "systemd-oomd", "earlyoom", "ullage limit"
  std::string victim;  // "python3 (1234)"
  std::string holder;  // who held most at that time
  std::optional<std::uint64_t> holder_bytes;
  std::optional<std::int64_t> foreseeable_ms;  // the trend first pointed over the limit
  std::optional<std::uint64_t> enough_bytes;   // the limit that would have been enough, as far as can be told
};

struct Advice {
  std::string id;  // "throttled", "idle_cores" …
  std::string text;
  std::string evidence;  // the numbers behind it
  std::string anchor;    // a section of the report, "#memory", or a page of docs/
};

struct Growth {                 // does a resource grow without end? Worked out from the run's samples
  std::string resource;         // "memory", "anonymous", "fragmentation", "shared", "swap", "threads" …
  std::string process;          // "python3 (1234)"; empty: of the whole run
  std::string kind;             // "growing", "settled" (it rose, and then no more), "steady", "unclear"
  std::string unit;             // "bytes" or "count"
  double level = 0;             // at the end, where it was quiet
  std::optional<double> risen;  // since then (growing) or until then (settled)
  std::optional<double> since_seconds;
  std::optional<double> rate_per_second;  // of what grows, with its 95 % interval
  std::optional<double> rate_low_per_second, rate_high_per_second;
  double confidence = 0;  // 0..1; 0 of what is unclear
  std::string text;       // the evidence
};

struct Host {
  std::string name;
  std::string kernel;
  std::uint32_t processors = 0;
  std::uint64_t memory_bytes = 0;
  std::string cgroups;  // "v2", "v1", "hybrid", "none"
};

struct Sampling {
  double interval_seconds = 0;  // at the end, when it grew
  std::uint64_t ticks = 0;
  double own_cpu_seconds = 0;  // what measuring cost
  std::uint64_t dropped_samples = 0;
};

struct Record {
  std::string id;
  std::string name;
  std::map<std::string, std::string> tags;
  std::vector<std::string> command;  // secrets masked
  std::string working_directory;
  std::map<std::string, std::string> environment;  // an allow-list
  std::string profile;
  std::string ullage_version;

  State state = State::running;
  std::int64_t started_ms = 0;
  double wall_seconds = 0;  // of an interrupted run: until its last sample
  std::optional<int> exit_code;
  std::optional<int> signal;
  bool timed_out = false;
  std::optional<Oom> oom;

  Cpu cpu;
  Memory memory;
  Io io;
  Activity activity;
  Pressure pressure;
  Processes processes;
  Host host;
  Sampling sampling;
  std::vector<Limit> limits;
  std::vector<Phase> phases;
  std::vector<Event> events;
  std::vector<Process> process_table;  // largest peak first
  std::vector<Growth> growth;
  std::vector<Advice> advice;
};

// The published JSON, version 1: docs/formats/run-json.md. to_json and from_json are inverse.
nlohmann::json to_json(const Record& record);
Result<Record> from_json(const nlohmann::json& json);

}  // namespace ullage::run
