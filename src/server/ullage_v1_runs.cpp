// SPDX-License-Identifier: Apache-2.0
#include "server/ullage_v1_runs.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "run/catalog_view.h"
#include "run/record.h"

namespace ullage::server {

namespace {

using nlohmann::json;

template <class T>
json told(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

json run_json(const run::Glance& glance) {
  const run::Record& record = glance.record;
  return {{"id", record.id},
          {"name", record.name},
          {"tags", record.tags},
          {"command", record.command},
          {"state", glance.problem.empty() ? run::to_string(record.state) : "damaged"},
          {"started_ms", record.started_ms},
          {"wall_seconds", record.wall_seconds},
          {"exit_code", told(record.exit_code)},
          {"signal", told(record.signal)},
          {"timed_out", record.timed_out},
          {"oom_killed", record.oom.has_value()},
          {"peak_bytes", told(record.memory.peak_bytes)},
          {"limit_bytes", told(record.memory.limit_bytes)},
          {"problem", glance.problem.empty() ? json(nullptr) : json(glance.problem)}};
}

}  // namespace

std::string runs_json(const run::CatalogView::Look& look, std::size_t limit) {
  json runs = json::array();
  for (std::size_t i = 0; i < std::min(limit, look.runs.size()); ++i) runs.push_back(run_json(*look.runs[i]));
  return text_of({{"version", look.version}, {"total", look.runs.size()}, {"runs", std::move(runs)}});
}

std::string events_json(const run::CatalogView::Look& look, const std::vector<Note>& notes,
                        std::size_t limit) {
  std::vector<std::pair<std::int64_t, json>> all;
  for (const auto& glance : look.runs)
    for (const run::Event& event : glance->record.events)
      all.emplace_back(event.time_ms, json{{"time_ms", event.time_ms},
                                           {"source", "run"},
                                           {"run_id", glance->record.id},
                                           {"run_name", glance->record.name},
                                           {"kind", event.kind},
                                           {"severity", event.severity},
                                           {"text", event.text}});
  for (const Note& note : notes)
    all.emplace_back(note.time_ms, json{{"time_ms", note.time_ms},
                                        {"source", "daemon"},
                                        {"run_id", nullptr},
                                        {"run_name", nullptr},
                                        {"kind", "daemon"},
                                        {"severity", note.severity},
                                        {"text", note.text}});
  // Those of one moment stay in the order in which they were noted.
  std::vector<std::pair<std::int64_t, std::size_t>> order;
  for (std::size_t i = 0; i < all.size(); ++i) order.emplace_back(-all[i].first, i);
  std::ranges::sort(order);
  if (order.size() > limit) order.resize(limit);
  json events = json::array();
  for (const auto& [time, at] : order) events.push_back(std::move(all[at].second));
  return text_of({{"events", std::move(events)}});
}

}  // namespace ullage::server
