// SPDX-License-Identifier: Apache-2.0
// The fields of a Record and their names in the published JSON, each said once: the writer, the reader and
// the test of the schema all walk this list. A visitor is called as visit("name", field). Private to src/run
// and its tests.
#pragma once

#include "run/record.h"

namespace ullage::run {

// T is the struct or its const, so that one list serves reading and writing.
template <class T, class Of>
concept Is = std::is_same_v<std::remove_const_t<T>, Of>;

template <class V, Is<Cpu> T>
void visit_fields(V&& visit, T& cpu) {
  visit("user_seconds", cpu.user_seconds);
  visit("system_seconds", cpu.system_seconds);
  visit("throttled_seconds", cpu.throttled_seconds);
  visit("run_queue_wait_seconds", cpu.run_queue_wait_seconds);
  visit("cores_available", cpu.cores_available);
}

template <class V, Is<Memory> T>
void visit_fields(V&& visit, T& memory) {
  visit("peak_bytes", memory.peak_bytes);
  visit("peak_method", memory.peak_method);
  visit("peak_ms", memory.peak_ms);
  visit("cgroup_peak_bytes", memory.cgroup_peak_bytes);
  visit("limit_bytes", memory.limit_bytes);
  visit("limit_source", memory.limit_source);
  visit("average_bytes", memory.average_bytes);
  visit("cache_bytes", memory.cache_bytes);
  visit("swap_peak_bytes", memory.swap_peak_bytes);
  visit("peak_without_dirty_bytes", memory.peak_without_dirty_bytes);
}

template <class V, Is<Io> T>
void visit_fields(V&& visit, T& io) {
  visit("read_bytes", io.read_bytes);
  visit("written_bytes", io.written_bytes);
}

template <class V, Is<Activity> T>
void visit_fields(V&& visit, T& activity) {
  visit("minor_faults", activity.minor_faults);
  visit("major_faults", activity.major_faults);
  visit("voluntary_switches", activity.voluntary_switches);
  visit("involuntary_switches", activity.involuntary_switches);
}

template <class V, Is<Pressure> T>
void visit_fields(V&& visit, T& pressure) {
  visit("scope", pressure.scope);
  visit("cpu_some_seconds", pressure.cpu_some_seconds);
  visit("memory_some_seconds", pressure.memory_some_seconds);
  visit("memory_full_seconds", pressure.memory_full_seconds);
  visit("io_some_seconds", pressure.io_some_seconds);
  visit("io_full_seconds", pressure.io_full_seconds);
}

template <class V, Is<Processes> T>
void visit_fields(V&& visit, T& processes) {
  visit("total", processes.total);
  visit("peak", processes.peak);
  visit("left_running", processes.left_running);
  visit("counted_by", processes.counted_by);
}

template <class V, Is<Host> T>
void visit_fields(V&& visit, T& host) {
  visit("name", host.name);
  visit("kernel", host.kernel);
  visit("processors", host.processors);
  visit("memory_bytes", host.memory_bytes);
  visit("cgroups", host.cgroups);
}

template <class V, Is<Sampling> T>
void visit_fields(V&& visit, T& sampling) {
  visit("interval_seconds", sampling.interval_seconds);
  visit("ticks", sampling.ticks);
  visit("own_cpu_seconds", sampling.own_cpu_seconds);
  visit("dropped_samples", sampling.dropped_samples);
}

template <class V, Is<Limit> T>
void visit_fields(V&& visit, T& limit) {
  visit("resource", limit.resource);
  visit("asked", limit.asked);
  visit("got", limit.got);
  visit("mechanism", limit.mechanism);
  visit("problem", limit.problem);
}

template <class V, Is<Phase> T>
void visit_fields(V&& visit, T& phase) {
  visit("name", phase.name);
  visit("begin_ms", phase.begin_ms);
  visit("end_ms", phase.end_ms);
  visit("peak_bytes", phase.peak_bytes);
  visit("cpu_seconds", phase.cpu_seconds);
}

template <class V, Is<Event> T>
void visit_fields(V&& visit, T& event) {
  visit("time_ms", event.time_ms);
  visit("kind", event.kind);
  visit("severity", event.severity);
  visit("text", event.text);
}

template <class V, Is<Process> T>
void visit_fields(V&& visit, T& process) {
  visit("pid", process.pid);
  visit("parent_pid", process.parent_pid);
  visit("name", process.name);
  visit("command", process.command);
  visit("count", process.count);
  visit("begin_ms", process.begin_ms);
  visit("end_ms", process.end_ms);
  visit("peak_bytes", process.peak_bytes);
  visit("user_seconds", process.user_seconds);
  visit("system_seconds", process.system_seconds);
  visit("read_bytes", process.read_bytes);
  visit("written_bytes", process.written_bytes);
  visit("threads_peak", process.threads_peak);
  visit("exit_code", process.exit_code);
  visit("signal", process.signal);
}

template <class V, Is<Oom> T>
void visit_fields(V&& visit, T& oom) {  // the killer stands one level higher, as oom_killer
  visit("victim", oom.victim);
  visit("holder", oom.holder);
  visit("holder_bytes", oom.holder_bytes);
  visit("foreseeable_ms", oom.foreseeable_ms);
  visit("enough_bytes", oom.enough_bytes);
}

template <class V, Is<Advice> T>
void visit_fields(V&& visit, T& advice) {
  visit("id", advice.id);
  visit("text", advice.text);
  visit("evidence", advice.evidence);
  visit("anchor", advice.anchor);
}

template <class V, Is<Growth> T>
void visit_fields(V&& visit, T& growth) {
  visit("resource", growth.resource);
  visit("process", growth.process);
  visit("kind", growth.kind);
  visit("unit", growth.unit);
  visit("level", growth.level);
  visit("risen", growth.risen);
  visit("since_seconds", growth.since_seconds);
  visit("rate_per_second", growth.rate_per_second);
  visit("rate_low_per_second", growth.rate_low_per_second);
  visit("rate_high_per_second", growth.rate_high_per_second);
  visit("confidence", growth.confidence);
  visit("text", growth.text);
}

// All but what the JSON says in another way: version, started, interrupted, and the out-of-memory kill.
template <class V, Is<Record> T>
void visit_fields(V&& visit, T& record) {
  visit("id", record.id);
  visit("name", record.name);
  visit("tags", record.tags);
  visit("command", record.command);
  visit("working_directory", record.working_directory);
  visit("environment", record.environment);
  visit("profile", record.profile);
  visit("ullage_version", record.ullage_version);
  visit("state", record.state);
  visit("started_ms", record.started_ms);
  visit("wall_seconds", record.wall_seconds);
  visit("exit_code", record.exit_code);
  visit("signal", record.signal);
  visit("timed_out", record.timed_out);
  visit("cpu", record.cpu);
  visit("memory", record.memory);
  visit("io", record.io);
  visit("activity", record.activity);
  visit("pressure", record.pressure);
  visit("processes", record.processes);
  visit("host", record.host);
  visit("sampling", record.sampling);
  visit("limits", record.limits);
  visit("phases", record.phases);
  visit("events", record.events);
  visit("process_table", record.process_table);
  visit("growth", record.growth);
  visit("advice", record.advice);
}

}  // namespace ullage::run
