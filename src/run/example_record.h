// SPDX-License-Identifier: Apache-2.0
// Records for tests: one healthy run with everything known, to be varied.
#pragma once

#include "run/record.h"

namespace ullage::run {

constexpr std::int64_t kExampleStartMs = 1'795'502'412'345;  // 2026-11-24T06:40:12.345Z
constexpr std::uint64_t kMiB = 1ull << 20, kGiB = 1ull << 30;

// Every field once, in the record's own order: as long as that is.
// NOLINTNEXTLINE(readability-function-size)
inline Record example_record() {
  Record record;
  record.id = "20261124-064012-k3f9";
  record.name = "train";
  record.tags = {{"branch", "main"}};
  record.command = {"python3", "train.py"};
  record.working_directory = "/home/u";
  record.environment = {{"LANG", "C.UTF-8"}};
  record.profile = "development";
  record.ullage_version = "0.1.0";
  record.state = State::finished;
  record.started_ms = kExampleStartMs;
  record.wall_seconds = 12.5;
  record.exit_code = 0;
  record.cpu = {.user_seconds = 20.0,
                .system_seconds = 2.5,
                .throttled_seconds = {},
                .run_queue_wait_seconds = 0.4,
                .cores_available = 2};
  record.memory = {.peak_bytes = 1229 * kMiB,
                   .peak_method = "samples",
                   .peak_ms = kExampleStartMs + 9000,
                   .cgroup_peak_bytes = {},
                   .limit_bytes = 2 * kGiB,
                   .limit_source = "--memory",
                   .average_bytes = 700 * kMiB,
                   .cache_bytes = 12 * kMiB,
                   .swap_peak_bytes = 0,
                   .peak_without_dirty_bytes = {}};
  record.io = {.read_bytes = 12 * kMiB, .written_bytes = 3 * kMiB};
  record.activity = {
      .minor_faults = 1000, .major_faults = 3, .voluntary_switches = 500, .involuntary_switches = 40};
  record.pressure = {.scope = "cgroup",
                     .cpu_some_seconds = 0.2,
                     .memory_some_seconds = 0,
                     .memory_full_seconds = 0,
                     .io_some_seconds = 0.05,
                     .io_full_seconds = 0};
  record.processes = {.total = 3, .peak = 2, .left_running = 0, .counted_by = "taskstats"};
  record.host = {
      .name = "box", .kernel = "6.1.0", .processors = 2, .memory_bytes = 8 * kGiB, .cgroups = "v2"};
  record.sampling = {.interval_seconds = 0.02, .ticks = 600, .own_cpu_seconds = 0.01, .dropped_samples = 0};
  record.limits = {{.resource = "memory",
                    .asked = 2.0 * kGiB,
                    .got = 2.0 * kGiB,
                    .mechanism = "cgroup v2",
                    .problem = ""}};
  record.phases = {{.name = "load",
                    .begin_ms = kExampleStartMs,
                    .end_ms = kExampleStartMs + 2000,
                    .peak_bytes = 300 * kMiB,
                    .cpu_seconds = 1.9},
                   {.name = "train",
                    .begin_ms = kExampleStartMs + 2000,
                    .end_ms = kExampleStartMs + 12000,
                    .peak_bytes = 1229 * kMiB,
                    .cpu_seconds = 19.0}};
  record.events = {
      {.time_ms = kExampleStartMs + 9000, .kind = "emit", .severity = "info", .text = "epoch 3 done"}};
  record.process_table = {{.pid = 1234,
                           .parent_pid = 1,
                           .name = "python3",
                           .command = "python3 train.py",
                           .count = 1,
                           .begin_ms = kExampleStartMs,
                           .end_ms = kExampleStartMs + 12500,
                           .peak_bytes = 1200 * kMiB,
                           .user_seconds = 19.8,
                           .system_seconds = 2.4,
                           .read_bytes = 12 * kMiB,
                           .written_bytes = 3 * kMiB,
                           .threads_peak = 3,
                           .exit_code = 0,
                           .signal = {}},
                          {.pid = 0,
                           .parent_pid = 1234,
                           .name = "sh",
                           .command = "",
                           .count = 2,
                           .begin_ms = kExampleStartMs + 10,
                           .end_ms = kExampleStartMs + 30,
                           .peak_bytes = 2 * kMiB,
                           .user_seconds = 0.0,
                           .system_seconds = 0.01,
                           .read_bytes = {},
                           .written_bytes = {},
                           .threads_peak = 1,
                           .exit_code = {},
                           .signal = {}}};
  return record;
}

// Killed by the kernel at its limit, 3m 07s in.
inline Record killed_record() {
  Record record = example_record();
  record.wall_seconds = 187;
  record.exit_code = {};
  record.signal = 9;
  record.memory.limit_bytes = 512 * kMiB;
  record.memory.peak_bytes = 512 * kMiB;
  record.limits[0].asked = record.limits[0].got.emplace(512.0 * kMiB);
  record.oom = Oom{.killer = "kernel",
                   .victim = "python3 (1234)",
                   .holder = "python3 (1234)",
                   .holder_bytes = 500 * kMiB,
                   .foreseeable_ms = kExampleStartMs + 147'000,
                   .enough_bytes = 820 * kMiB};
  return record;
}

}  // namespace ullage::run
