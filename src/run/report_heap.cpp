// SPDX-License-Identifier: Apache-2.0
#include "run/report_heap.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "base/text.h"
#include "heap/analyze/calls.h"
#include "heap/analyze/flame.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/verdicts.h"
#include "heap/profile.h"
#include "run/heap_run.h"
#include "run/record.h"
#include "run/run_file.h"

namespace ullage::run {

namespace {

constexpr std::size_t kPhasesMax = 12;
// The page shows twenty, and counts the others.
constexpr std::size_t kVerdictsMax = 100;

// Of the JSON that `ullage heap leaks` prints, the stack is left out but for who is to blame.
nlohmann::json verdicts_json(const heap::Verdicts& verdicts, const Record& record) {
  heap::Verdicts some = verdicts;
  if (some.leaks.size() > kVerdictsMax) some.leaks.resize(kVerdictsMax);
  if (some.settled.size() > kVerdictsMax) some.settled.resize(kVerdictsMax);
  nlohmann::json json = heap::leaks_json(some, record.id);
  const auto blame = [](nlohmann::json& rows, const std::vector<heap::Verdict>& from) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::vector<heap::Frame>& stack = from[i].stack;
      const heap::Frame frame = stack.empty() ? heap::Frame{} : stack[heap::blamed_frame(stack)];
      rows[i].erase("stack");
      rows[i]["function"] = valid_utf8(frame.function);
      rows[i]["place"] = valid_utf8(heap::place_text(frame));
    }
  };
  blame(json["leaks"], some.leaks);
  blame(json["settled"], some.settled);
  return json;
}

}  // namespace

std::vector<heap::FlameMoment> heap_moments(const Record& record, std::span<const heap::Profile> profiles) {
  using Kind = heap::Moment::Kind;
  std::vector<heap::FlameMoment> moments{{"at exit", {}}, {"at the peak", {.at = {Kind::peak}}}};
  for (const Phase& phase : record.phases)
    if (phase.end_ms && moments.size() < 2 + kPhasesMax)
      moments.push_back({"after " + phase.name, {.at = {Kind::time, *phase.end_ms}}});
  const std::int64_t begin = std::ranges::min(profiles, {}, &heap::Profile::started_ms).started_ms;
  const std::int64_t end = std::ranges::max(profiles, {}, &heap::Profile::ended_ms).ended_ms;
  moments.push_back({"a third into the run", {.at = {Kind::time, begin + (end - begin) / 3}}});
  moments.push_back({"two thirds into the run", {.at = {Kind::time, begin + (end - begin) * 2 / 3}}});
  moments.push_back({"allocated in all", {.measure = heap::Measure::allocated}});
  moments.push_back({"freed almost at once", {.measure = heap::Measure::temporary}});
  return moments;
}

std::string heap_json(const Record& record, std::span<const heap::Profile> profiles, std::size_t nodes_max) {
  if (profiles.empty()) return {};
  const nlohmann::json verdicts = verdicts_json(heap::judge(profiles), record);
  return "{\"flame\":" + heap::flame_data(profiles, heap_moments(record, profiles), nodes_max) +
         ",\"leaks\":" + verdicts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '}';
}

std::string report_heap(const LoadedRun& run, std::size_t nodes_max) {
  const auto profiles = load_heap_of(run.path, run.record);
  return profiles ? heap_json(run.record, *profiles, nodes_max) : std::string();
}

}  // namespace ullage::run
