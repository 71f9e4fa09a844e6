// SPDX-License-Identifier: Apache-2.0
#include "metric/descriptor.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace ullage::metric {

namespace {

using enum Kind;

// clang-format off: a table reads best with a row on a line
constexpr auto kDescriptors = std::to_array<Descriptor>({
    {"container_cpu_cfs_periods_total", counter, "", "id", "Enforcement periods of the CPU quota that have passed."},
    {"container_cpu_cfs_throttled_periods_total", counter, "", "id", "Periods in which the quota ran out."},
    {"container_cpu_cfs_throttled_seconds_total", counter, "seconds", "id", "Time runnable but held back by the CPU quota."},
    {"container_cpu_system_seconds_total", counter, "seconds", "id", "CPU time in the kernel of all that ran in the cgroup."},
    {"container_cpu_usage_seconds_total", counter, "seconds", "id", "CPU time of all that ran in the cgroup."},
    {"container_cpu_user_seconds_total", counter, "seconds", "id", "CPU time in user mode of all that ran in the cgroup."},
    {"container_fs_reads_bytes_total", counter, "bytes", "id", "Bytes read from storage by the cgroup, all devices together."},
    {"container_fs_writes_bytes_total", counter, "bytes", "id", "Bytes written to storage by the cgroup, all devices together."},
    {"container_memory_cache", gauge, "bytes", "id", "Page cache charged to the cgroup."},
    {"container_memory_failures_total", counter, "", "id,failure_type", "Page faults of the cgroup (pgfault, pgmajfault)."},
    {"container_memory_max_usage_bytes", gauge, "bytes", "id", "The cgroup's own high-water mark, page cache included."},
    {"container_memory_rss", gauge, "bytes", "id", "Anonymous memory charged to the cgroup."},
    {"container_memory_swap", gauge, "bytes", "id", "Swap charged to the cgroup."},
    {"container_memory_usage_bytes", gauge, "bytes", "id", "All memory charged to the cgroup, page cache included."},
    {"container_oom_events_total", counter, "", "id", "Processes of the cgroup killed by the kernel for lack of memory."},
    {"container_pressure_cpu_waiting_seconds_total", counter, "seconds", "id", "Time in which at least one task of the cgroup waited for CPU (PSI some)."},
    {"container_pressure_io_stalled_seconds_total", counter, "seconds", "id", "Time in which all tasks of the cgroup waited for I/O (PSI full)."},
    {"container_pressure_io_waiting_seconds_total", counter, "seconds", "id", "Time in which at least one task of the cgroup waited for I/O (PSI some)."},
    {"container_pressure_memory_stalled_seconds_total", counter, "seconds", "id", "Time in which all tasks of the cgroup waited for memory (PSI full)."},
    {"container_pressure_memory_waiting_seconds_total", counter, "seconds", "id", "Time in which at least one task of the cgroup waited for memory (PSI some)."},
    {"container_processes", gauge, "", "id", "Processes in the cgroup."},
    {"container_spec_cpu_period", gauge, "microseconds", "id", "Period of the CPU quota, in microseconds as cAdvisor has it."},
    {"container_spec_cpu_quota", gauge, "microseconds", "id", "CPU quota a period, in microseconds as cAdvisor has it."},
    {"container_spec_memory_limit_bytes", gauge, "bytes", "id", "Hard memory limit of the cgroup itself."},
    {"node_cpu_seconds_total", counter, "seconds", "mode", "CPU time of the machine by mode, all processors together."},
    {"node_disk_io_time_seconds_total", counter, "seconds", "device", "Time the disk was busy."},
    {"node_disk_read_bytes_total", counter, "bytes", "device", "Bytes read from the disk."},
    {"node_disk_written_bytes_total", counter, "bytes", "device", "Bytes written to the disk."},
    {"node_load1", gauge, "", "", "Load average over one minute."},
    {"node_load15", gauge, "", "", "Load average over fifteen minutes."},
    {"node_load5", gauge, "", "", "Load average over five minutes."},
    {"node_memory_Cached_bytes", gauge, "bytes", "", "Page cache of the machine."},
    {"node_memory_Dirty_bytes", gauge, "bytes", "", "Memory waiting to be written to disk."},
    {"node_memory_MemAvailable_bytes", gauge, "bytes", "", "The kernel's estimate of memory that a new program could have."},
    {"node_memory_MemFree_bytes", gauge, "bytes", "", "Memory that nothing uses."},
    {"node_memory_MemTotal_bytes", gauge, "bytes", "", "Memory of the machine."},
    {"node_memory_SwapFree_bytes", gauge, "bytes", "", "Swap that nothing uses."},
    {"node_memory_SwapTotal_bytes", gauge, "bytes", "", "Swap of the machine."},
    {"node_pressure_cpu_waiting_seconds_total", counter, "seconds", "", "Time in which at least one task waited for CPU (PSI some)."},
    {"node_pressure_io_stalled_seconds_total", counter, "seconds", "", "Time in which all tasks waited for I/O (PSI full)."},
    {"node_pressure_io_waiting_seconds_total", counter, "seconds", "", "Time in which at least one task waited for I/O (PSI some)."},
    {"node_pressure_memory_stalled_seconds_total", counter, "seconds", "", "Time in which all tasks waited for memory (PSI full)."},
    {"node_pressure_memory_waiting_seconds_total", counter, "seconds", "", "Time in which at least one task waited for memory (PSI some)."},
    {"node_vmstat_oom_kill", counter, "", "", "Processes killed by the kernel for lack of memory."},
    {"node_vmstat_pswpin", counter, "", "", "Pages read from swap."},
    {"node_vmstat_pswpout", counter, "", "", "Pages written to swap."},
    {"ullage_build_info", gauge, "", "version", "1, with the version that runs."},
    {"ullage_collector_duration_seconds", gauge, "seconds", "collector", "How long the last reading of the collector took."},
    {"ullage_collector_success", gauge, "", "collector", "1 when the collector could read its part of the machine, else 0."},
    {"ullage_process_anonymous_bytes", gauge, "bytes", "pid,name", "Resident memory that no file backs (RssAnon)."},
    {"ullage_process_context_switches_total", counter, "", "pid,name,kind", "Context switches, voluntary (waited) and involuntary (was preempted)."},
    {"ullage_process_cpu_seconds_total", counter, "seconds", "pid,name,mode", "CPU time of the process, by user and system."},
    {"ullage_process_file_bytes", gauge, "bytes", "pid,name", "Resident pages of mapped files (RssFile)."},
    {"ullage_process_open_files", gauge, "", "pid,name", "Open file descriptors."},
    {"ullage_process_page_faults_total", counter, "", "pid,name,kind", "Page faults: minor found their page in memory, major read it from disk."},
    {"ullage_process_proportional_bytes", gauge, "bytes", "pid,name", "Resident memory with each shared page divided by its sharers (PSS)."},
    {"ullage_process_read_bytes_total", counter, "bytes", "pid,name", "Bytes the process caused to be read from storage."},
    {"ullage_process_resident_bytes", gauge, "bytes", "pid,name", "Resident memory (RSS)."},
    {"ullage_process_run_queue_wait_seconds_total", counter, "seconds", "pid,name", "Time its threads were runnable and waited for a processor."},
    {"ullage_process_shared_bytes", gauge, "bytes", "pid,name", "Resident shared memory (RssShmem: tmpfs, shared anonymous)."},
    {"ullage_process_swap_bytes", gauge, "bytes", "pid,name", "Memory of the process in swap."},
    {"ullage_process_threads", gauge, "", "pid,name", "Threads."},
    {"ullage_process_written_bytes_total", counter, "bytes", "pid,name", "Bytes the process caused to be written to storage."},
    {"ullage_run_cache_bytes", gauge, "bytes", "", "Page cache charged to the run's cgroup; reclaimable, never warned about."},
    {"ullage_run_context_switches_total", counter, "", "kind", "Context switches of the whole run."},
    {"ullage_run_cpu_seconds_total", counter, "seconds", "mode", "CPU time of the whole run, ended processes included."},
    {"ullage_run_custom_counter", counter, "", "name,…", "A counter the command reports through ULLAGE_SOCKET."},
    {"ullage_run_custom_gauge", gauge, "", "name,…", "A gauge the command reports through ULLAGE_SOCKET."},
    {"ullage_run_headroom_bytes", gauge, "bytes", "", "Memory left under the tightest limit that applies to the run."},
    {"ullage_run_open_files", gauge, "", "", "Open file descriptors of all processes of the run."},
    {"ullage_run_page_faults_total", counter, "", "kind", "Page faults of the whole run."},
    {"ullage_run_processes", gauge, "", "", "Processes of the run that are alive."},
    {"ullage_run_read_bytes_total", counter, "bytes", "", "Bytes the whole run caused to be read from storage."},
    {"ullage_run_resident_bytes", gauge, "bytes", "", "Sum of the resident memory of the run's processes; shared pages count once for each sharer."},
    {"ullage_run_run_queue_wait_seconds_total", counter, "seconds", "", "Time threads of the run were runnable and waited for a processor."},
    {"ullage_run_swap_bytes", gauge, "bytes", "", "Memory of the run in swap."},
    {"ullage_run_threads", gauge, "", "", "Threads of the run."},
    {"ullage_run_used_bytes", gauge, "bytes", "", "Memory of the run that cannot be reclaimed, shared pages counted once."},
    {"ullage_run_written_bytes_total", counter, "bytes", "", "Bytes the whole run caused to be written to storage."},
    {"ullage_self_cpu_seconds_total", counter, "seconds", "", "CPU time of the daemon itself."},
    {"ullage_self_dropped_samples_total", counter, "", "cause", "Samples that were read and not kept, by cause."},
    {"ullage_self_dropped_ticks_total", counter, "", "cause", "Ticks of which nothing was kept, by cause."},
    {"ullage_self_failed_flushes_total", counter, "", "", "Times the history could not be written; it is tried again each tick."},
    {"ullage_self_failed_reloads_total", counter, "", "", "Times new settings were refused and the old ones stayed."},
    {"ullage_self_http_connections", gauge, "", "", "Clients that are connected."},
    {"ullage_self_http_failed_total", counter, "", "", "Requests that were answered 5xx."},
    {"ullage_self_http_refused_total", counter, "", "", "Requests that were answered 4xx before anybody worked on them."},
    {"ullage_self_http_requests_total", counter, "", "", "Requests that were understood."},
    {"ullage_self_late_ticks_total", counter, "", "", "Ticks that came over 100 ms late."},
    {"ullage_self_live_series", gauge, "", "", "Series that had a value within the last five minutes."},
    {"ullage_self_queries_total", counter, "", "outcome", "Queries, by what became of them."},
    {"ullage_self_queue_length", gauge, "", "queue", "What waits: ticks for the history, queries for a thread."},
    {"ullage_self_resident_bytes", gauge, "bytes", "", "Resident memory of the daemon itself."},
    {"ullage_self_samples_total", counter, "", "", "Samples that went into the history."},
    {"ullage_self_start_time_seconds", gauge, "seconds", "", "When the daemon began, since the epoch."},
    {"ullage_self_tick_duration_seconds", gauge, "seconds", "", "How long the last tick took, from the first reading to the hand-over."},
    {"ullage_self_tick_lateness_seconds", gauge, "seconds", "", "By how much the last tick came late."},
    {"ullage_self_ticks_total", counter, "", "", "Ticks so far."},
});
// clang-format on

static_assert(std::ranges::is_sorted(kDescriptors, {}, &Descriptor::name));

}  // namespace

std::span<const Descriptor> descriptors() { return kDescriptors; }

const Descriptor* find_descriptor(std::string_view name) {
  const auto found = std::ranges::lower_bound(kDescriptors, name, {}, &Descriptor::name);
  return found != kDescriptors.end() && found->name == name ? &*found : nullptr;
}

}  // namespace ullage::metric
