// SPDX-License-Identifier: Apache-2.0
#include "daemon/runs_collector.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "metric/frame.h"
#include "metric/series.h"
#include "run/live_runs.h"
#include "sense/custom/custom_reading.h"

namespace ullage::daemon {

namespace {

constexpr std::chrono::milliseconds kReadEvery(1'000);  // as often as a run writes

sense::CustomReading read(run::LiveRuns& runs, const Clock& clock) {
  sense::CustomReading reading;
  auto look = runs.look(clock.wall_ms());
  if (!look) {
    reading.error = look.error().text();
    return reading;
  }
  for (auto& [key, value] : look->values) reading.own_values.push_back({std::move(key), value});
  const auto count = [&](const char* name, std::size_t value) {
    reading.own_values.push_back({{name, {}}, static_cast<double>(value)});
  };
  count("ullage_runs", look->alive);
  count("ullage_runs_left_out", look->untold);
  return reading;
}

}  // namespace

RunsCollector::RunsCollector(const std::string& state_directory, const Clock& clock)
    : reading_("runs", kReadEvery, clock,
               [runs = std::make_shared<run::LiveRuns>(state_directory), &clock](const std::stop_token&) {
                 return read(*runs, clock);
               }) {}

Result<void> RunsCollector::collect(metric::Frame& frame) {
  const auto newest = reading_.newest();
  if (!newest) return {};  // the first is under way
  std::vector<metric::LabelView> labels;
  for (const sense::CustomValue& value : newest->own_values) {
    labels.clear();
    for (const metric::Label& label : value.key.labels) labels.push_back({label.name, label.value});
    frame.add(value.key.name, labels, value.value);
  }
  if (!newest->error.empty()) return fail(newest->error);
  return {};
}

}  // namespace ullage::daemon
