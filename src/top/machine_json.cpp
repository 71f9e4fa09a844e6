// SPDX-License-Identifier: Apache-2.0
#include "top/machine_json.h"

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "sense/sample.h"
#include "top/daemon_word.h"
#include "top/machine_view.h"
#include "top/row_list.h"

namespace ullage::top {

namespace {

using nlohmann::json;

template <class T>
json known(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

json stall_json(const Stall& stall) {
  return {{"some_ratio", known(stall.some)}, {"full_ratio", known(stall.full)}};
}

json cpu_json(const HostView& host) {
  if (!host.cpu_cores) return nullptr;
  json modes = json::object();
  for (std::size_t mode = 0; mode < host.cpu_cores->size(); ++mode)
    modes[std::string(sense::HostSample::kModes[mode])] = (*host.cpu_cores)[mode];
  return modes;
}

json lasts_json(const HostView& host) {
  if (!host.memory_lasts) return nullptr;
  return {{"seconds", host.memory_lasts->seconds},
          {"seconds_low", host.memory_lasts->seconds_low},
          {"seconds_high", known(host.memory_lasts->seconds_high)}};
}

json host_json(const HostView& host) {
  return {{"name", host.name},
          {"memory",
           {{"limit_bytes", known(host.limit_bytes)},
            {"limit_source", host.limit_source},
            {"used_bytes", known(host.used_bytes)},
            {"headroom_bytes", known(host.headroom_bytes)},
            {"cached_bytes", known(host.cached_bytes)},
            {"swap_total_bytes", known(host.swap_total_bytes)},
            {"swap_used_bytes", known(host.swap_used_bytes)},
            {"growth_bytes_per_second", known(host.growth_bytes_per_second)},
            {"lasts", lasts_json(host)}}},
          {"cores", host.cores},
          {"cpu_cores_by_mode", cpu_json(host)},
          {"load", host.load ? json(*host.load) : json(nullptr)},
          {"stall",
           {{"cpu", stall_json(host.cpu_stall)},
            {"memory", stall_json(host.memory_stall)},
            {"io", stall_json(host.io_stall)}}},
          {"disk",
           {{"read_bytes_per_second", known(host.disk_read_per_second)},
            {"written_bytes_per_second", known(host.disk_written_per_second)},
            {"busiest", host.busiest_disk.empty() ? json(nullptr) : json(host.busiest_disk)},
            {"busiest_ratio", known(host.busiest_disk_ratio)}}},
          {"network",
           {{"received_bytes_per_second", known(host.received_per_second)},
            {"sent_bytes_per_second", known(host.sent_per_second)}}},
          {"processes", host.processes},
          {"running", host.running},
          {"threads", host.threads},
          {"hidden", {{"whole", host.hidden.whole}, {"in_part", host.hidden.in_part}}}};
}

json common_json(const RowView& row) {
  return {{"name", row.name},
          {"user", row.user},
          {"unit", row.unit},
          {"threads", row.threads},
          {"used_bytes", row.used_bytes},
          {"resident_bytes", known(row.resident_bytes)},
          {"swap_bytes", known(row.swap_bytes)},
          {"growth_bytes_per_minute", known(row.growth_bytes_per_minute)},
          {"growing_seconds", known(row.growing_seconds)},
          {"cpu_cores", row.cpu_cores},
          {"read_bytes_per_second", known(row.read_per_second)},
          {"written_bytes_per_second", known(row.written_per_second)},
          {"headroom_bytes", known(row.headroom_bytes)},
          {"seconds_until_full", known(row.seconds_until_full())}};
}

json process_json(const RowView& row) {
  json object = common_json(row);
  object["pid"] = row.pid;
  object["parent_pid"] = row.parent_pid;
  object["state"] = std::string(1, row.state);
  object["group"] = row.group;
  object["command"] = row.command;
  return object;
}

json group_json(const RowView& row) {
  json object = common_json(row);
  object["processes"] = row.processes;
  object["is_used_a_bound"] = row.is_used_a_bound;
  return object;
}

json rows_json(const MachineView& view, RowChoice choice, Shape shape, std::size_t rows_most) {
  choice.shape = shape;
  json list = json::array();
  for (const ListedRow& row : listed_rows(view, choice)) {
    if (list.size() >= rows_most) break;
    list.push_back(shape == Shape::groups ? group_json(*row.row) : process_json(*row.row));
  }
  return list;
}

json daemon_json(const MachineView& view) {
  if (!view.daemon()) return nullptr;
  return {{"version", view.daemon()->version}};
}

// Null: nobody here knows.
json runs_json(const MachineView& view) {
  if (!view.daemon()) return nullptr;
  json runs = json::array();
  for (const LiveRun& run : view.daemon()->runs)
    runs.push_back({{"id", run.id},
                    {"name", run.name},
                    {"command", run.command},
                    {"started_ms", run.started_ms},
                    {"phases", run.phases},
                    {"used_bytes", known(run.used_bytes)},
                    {"limit_bytes", known(run.limit_bytes)}});
  return runs;
}

}  // namespace

json machine_json(const MachineView& view, const RowChoice& choice, std::size_t rows_most) {
  return {{"version", 1},
          {"time_ms", view.host().time_ms},
          {"interval_seconds", view.interval_seconds()},
          {"order", std::string(to_string(choice.order))},
          {"daemon", daemon_json(view)},
          {"host", host_json(view.host())},
          {"runs", runs_json(view)},
          {"processes", rows_json(view, choice, Shape::list, rows_most)},
          {"groups", rows_json(view, choice, Shape::groups, rows_most)}};
}

}  // namespace ullage::top
