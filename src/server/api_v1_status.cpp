// SPDX-License-Identifier: Apache-2.0
#include "server/api_v1_status.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/moment.h"
#include "metric/descriptor.h"
#include "metric/family.h"
#include "metric/live_series.h"
#include "metric/series.h"
#include "query/literal.h"
#include "server/api_v1.h"

namespace ullage::server {

namespace {

using nlohmann::json;

// Grafana reads the version and asks only what that version of Prometheus can. Ours is the build metadata of
// it.
constexpr std::string_view kPrometheusVersion = "3.0.0";

std::string success(const json& data) {
  return success_json(data.dump(-1, ' ', false, json::error_handler_t::replace));
}

json top(const std::map<std::string, std::uint64_t>& counts, std::size_t limit) {
  std::vector<std::pair<std::string, std::uint64_t>> all(counts.begin(), counts.end());
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (all.size() > limit) all.resize(limit);
  json list = json::array();
  for (const auto& [name, value] : all) list.push_back({{"name", name}, {"value", value}});
  return list;
}

// As Prometheus writes one: 1m30s.
std::string duration_text(double seconds) {
  return query::format_duration_ms(static_cast<std::int64_t>(std::round(seconds * 1000)));
}

json target_json(const ScrapeTarget& target) {
  return {{"discoveredLabels", target.discovered_labels},
          {"labels", target.labels},
          {"scrapePool", target.pool},
          {"scrapeUrl", target.url},
          {"globalUrl", target.url},
          {"lastError", target.last_error},
          {"lastScrape", format_moment(target.last_ms)},
          {"lastScrapeDuration", target.duration_seconds},
          {"health", target.last_ms == 0         ? "unknown"
                     : target.last_error.empty() ? "up"
                                                 : "down"},
          {"scrapeInterval", duration_text(target.interval_seconds)},
          {"scrapeTimeout", duration_text(target.timeout_seconds)}};
}

}  // namespace

std::string success_json(std::string_view data) {
  return R"({"status":"success","data":)" + std::string(data) + '}';
}

std::string build_info_json(const BuildInfo& build) {
  return success({{"application", "Ullage"},
                  {"version", std::string(kPrometheusVersion) + "+ullage." + build.version},
                  {"revision", build.revision},
                  {"branch", ""},
                  {"buildUser", ""},
                  {"buildDate", build.date},
                  {"goVersion", build.compiler}});
}

std::string runtime_info_json(const ApiSubjects& subjects) {
  const ConfigReload reload = subjects.reload();
  return success({{"startTime", format_moment(subjects.start_ms)},
                  {"CWD", ""},
                  {"reloadConfigSuccess", reload.is_good},
                  {"lastConfigTime", format_moment(std::max(reload.good_ms, subjects.start_ms))},
                  {"corruptionCount", 0},
                  {"goroutineCount", 0},
                  {"GOMAXPROCS", 0},
                  {"GOGC", ""},
                  {"GODEBUG", ""},
                  {"storageRetention", subjects.retention}});
}

void SeriesCensus::count(const std::string& label, const std::string& value) {
  ++by_pair_[label + "=" + value];
  if (values_by_label_[label].insert(value).second) bytes_by_label_[label] += value.size();
}

void SeriesCensus::add(const metric::SeriesKey& key) {
  ++series_;
  ++by_name_[key.name];
  count("__name__", key.name);
  for (const metric::Label& label : key.labels) count(label.name, label.value);
}

std::string SeriesCensus::json(std::int64_t begin_ms, std::int64_t end_ms, std::size_t rows_max) const {
  std::map<std::string, std::uint64_t> values;
  for (const auto& [label, all] : values_by_label_) values[label] = all.size();
  return success({{"headStats",
                   {{"numSeries", series_},
                    {"numLabelPairs", by_pair_.size()},
                    {"chunkCount", 0},
                    {"minTime", begin_ms},
                    {"maxTime", end_ms}}},
                  {"seriesCountByMetricName", top(by_name_, rows_max)},
                  {"labelValueCountByLabelName", top(values, rows_max)},
                  {"memoryInBytesByLabelName", top(bytes_by_label_, rows_max)},
                  {"seriesCountByLabelValuePair", top(by_pair_, rows_max)}});
}

std::string targets_json(const std::vector<ScrapeTarget>& targets, std::string_view state,
                         std::string_view pool) {
  const bool is_any = state.empty() || state == "any";
  json active = json::array(), dropped = json::array();
  std::map<std::string, std::size_t> dropped_by_pool;
  for (const ScrapeTarget& target : targets) {
    if (!is_any && state != (target.is_dropped ? "dropped" : "active")) continue;
    if (target.is_dropped) ++dropped_by_pool[target.pool];
    if (!pool.empty() && pool != target.pool) continue;
    if (target.is_dropped)
      dropped.push_back({{"discoveredLabels", target.discovered_labels}, {"scrapePool", target.pool}});
    else
      active.push_back(target_json(target));
  }
  return success({{"activeTargets", std::move(active)},
                  {"droppedTargets", std::move(dropped)},
                  {"droppedTargetCounts", dropped_by_pool}});
}

std::string metadata_json(std::string_view metric, std::size_t limit, const metric::LiveSeries* live) {
  json all = json::object();
  const auto add = [&](std::string_view name, std::string_view type, std::string help,
                       std::string_view unit) {
    if (limit > 0 && all.size() == limit) return;
    all[std::string(name)] = json::array({{{"type", type}, {"help", std::move(help)}, {"unit", unit}}});
  };
  const auto add_ours = [&](std::string_view name, const metric::Descriptor& known) {
    add(name, known.kind == metric::Kind::counter ? "counter" : "gauge", metric::help_text(known, name),
        known.unit);
  };
  const auto add_said = [&](const metric::Family& said) {
    if (metric::find_descriptor(said.name) == nullptr)
      add(said.name, to_string(said.kind), said.help, said.unit);
  };
  if (!metric.empty()) {
    const metric::Family* said = live == nullptr ? nullptr : live->family(metric);
    if (const auto* known = metric::find_descriptor(metric))
      add_ours(metric, *known);
    else if (said != nullptr)
      add_said(*said);
    return success(all);
  }
  for (const metric::Descriptor& known : metric::descriptors())
    if (known.name.find('*') == std::string_view::npos) add_ours(known.name, known);  // a family is no metric
  if (live != nullptr)
    for (const auto& [name, said] : live->families()) add_said(said);
  return success(all);
}

}  // namespace ullage::server
