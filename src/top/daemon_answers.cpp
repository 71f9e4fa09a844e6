// SPDX-License-Identifier: Apache-2.0
// What the daemon's API answers (docs/reference/ullage-api.yaml, and Prometheus's for queries), as a
// DaemonWord. What is not as described is an error: the daemon is then not one that we know.
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "metric/sample_text.h"
#include "sense/processes/process_row.h"
#include "server/ullage_v1.h"
#include "top/daemon_link.h"
#include "top/daemon_word.h"

namespace ullage::top {

namespace {

using nlohmann::json;

// Whatever is missing or of another type in it is told in one sentence.
Result<void> read(std::string_view text, const std::function<void(const json&)>& take) {
  try {
    take(json::parse(text));
  } catch (const json::exception&) {
    return fail("the daemon's answer is not as expected");
  }
  return {};
}

std::string text_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::optional<std::int64_t> whole_at(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? std::optional(found->get<std::int64_t>())
                                                             : std::nullopt;
}

std::optional<std::int64_t> pid_of(const json& labels) { return to_signed(text_at(labels, "pid")); }

sense::ProcessGroup group_of(const json& labels) {
  return {.name = text_at(labels, "group"), .user = text_at(labels, "user"), .unit = text_at(labels, "unit")};
}

std::vector<PastPoint> points_of(const json& values) {
  std::vector<PastPoint> points;
  for (const json& pair : values) {
    const auto number = metric::parse_number_text(pair.at(1).get_ref<const std::string&>());
    if (number) points.push_back({static_cast<std::int64_t>(pair.at(0).get<double>() * 1000), *number});
  }
  return points;
}

LiveRun* run_of(DaemonWord& word, const std::string& id) {
  for (LiveRun& run : word.runs)
    if (run.id == id) return &run;
  return nullptr;
}

}  // namespace

Result<void> take_overview(std::string_view text, DaemonWord& word) {
  int api = 0;
  auto taken = read(text, [&](const json& overview) {
    word.version = printable(text_at(overview, "version"));
    api = overview.value("api_version", 0);
  });
  if (taken && api != server::kUllageApiVersion)
    return fail("the daemon is of another version, " + word.version);
  return taken;
}

Result<void> take_growth_of_processes(std::string_view text, DaemonWord& word) {
  return read(text, [&](const json& answer) {
    for (const json& process : answer.at("processes")) {
      const std::pair who(process.at("pid").get<std::int64_t>(), text_at(process, "name"));
      if (const json& growth = process.at("growth_bytes_per_minute"); growth.is_number())
        word.process_growth[who] = growth.get<double>();
      if (const auto since_ms = whole_at(process, "growing_since_ms"))
        word.process_growing_since_ms[who] = *since_ms;
    }
  });
}

Result<void> take_growth_of_groups(std::string_view text, DaemonWord& word) {
  return read(text, [&](const json& answer) {
    for (const json& group : answer.at("groups")) {
      const sense::ProcessGroup who{
          .name = text_at(group, "name"), .user = text_at(group, "user"), .unit = text_at(group, "unit")};
      if (const json& growth = group.at("growth_bytes_per_minute"); growth.is_number())
        word.group_growth[who] = growth.get<double>();
      if (const auto since_ms = whole_at(group, "growing_since_ms"))
        word.group_growing_since_ms[who] = *since_ms;
      if (const auto bytes = whole_at(group, "proportional_bytes"); bytes && *bytes >= 0)
        word.group_proportional_bytes[who] = static_cast<std::uint64_t>(*bytes);
      if (const auto bytes = whole_at(group, "resident_bytes"); bytes && *bytes >= 0)
        word.group_resident_bytes[who] = static_cast<std::uint64_t>(*bytes);
    }
  });
}

// The label `what` says which of the query's parts a series is of.
Result<void> take_past(std::string_view text, DaemonWord& word) {
  return read(text, [&](const json& answer) {
    for (const json& series : answer.at("data").at("result")) {
      const json& labels = series.at("metric");
      const std::string what = text_at(labels, "what");
      std::vector<PastPoint> points = points_of(series.at("values"));
      if (what == "machine") {
        word.machine_used = std::move(points);
        continue;
      }
      const auto pid = pid_of(labels);
      Past& past = pid ? word.processes[{*pid, text_at(labels, "name")}] : word.groups[group_of(labels)];
      (what == "cpu" ? past.cpu_cores : past.held_bytes) = std::move(points);
    }
  });
}

Result<void> take_runs(std::string_view text, DaemonWord& word) {
  return read(text, [&](const json& answer) {
    for (const json& run : answer.at("runs")) {
      if (text_at(run, "state") != "running") continue;
      LiveRun live{.id = text_at(run, "id"), .name = printable(text_at(run, "name"))};
      live.started_ms = run.at("started_ms").get<std::int64_t>();
      for (const json& argument : run.at("command"))
        live.command += (live.command.empty() ? "" : " ") + printable(argument.get<std::string>());
      word.runs.push_back(std::move(live));
    }
  });
}

Result<void> take_run_values(std::string_view text, DaemonWord& word) {
  return read(text, [&](const json& answer) {
    for (const json& series : answer.at("data").at("result")) {
      const json& labels = series.at("metric");
      LiveRun* run = run_of(word, text_at(labels, "run_id"));
      if (run == nullptr) continue;
      const auto value = metric::parse_number_text(series.at("value").at(1).get_ref<const std::string&>());
      const std::string name = text_at(labels, "__name__");
      if (name == "ullage_run_used_bytes") run->used_bytes = value;
      if (name == "ullage_run_limit_bytes") run->limit_bytes = value;
      if (name == "ullage_run_phase") run->phases.push_back(printable(text_at(labels, "phase")));
    }
  });
}

}  // namespace ullage::top
