// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "heap/analyze/compare.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/top.h"
#include "heap/analyze/verdicts.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

constexpr int kVersion = 1;

nlohmann::json stack_json(std::span<const Frame> frames) {
  nlohmann::json stack = nlohmann::json::array();
  for (const Frame& frame : frames)
    stack.push_back({{"function", valid_utf8(frame.function)},
                     {"file", valid_utf8(frame.file)},
                     {"line", frame.line},
                     {"module", valid_utf8(frame.module)}});
  return stack;
}

nlohmann::json verdict_json(const Verdict& verdict) {
  const Interval interval = interval_95(verdict.amount);
  nlohmann::json births = nlohmann::json::array();
  for (const double count : verdict.births) births.push_back(std::llround(count));
  return {{"kind", name_of(verdict.kind)},
          {"confidence", std::round(verdict.confidence * 100) / 100},
          {"bytes", std::llround(verdict.amount.bytes)},
          {"interval", {std::llround(interval.low), std::llround(interval.high)}},
          {"rate_bytes_per_second", std::round(verdict.rate_bytes_per_second * 10) / 10},
          {"first_seen", std::round(verdict.first_seen_seconds * 1000) / 1000},
          {"stack", stack_json(verdict.stack)},
          {"births", births},
          {"advice", valid_utf8(verdict.advice)}};
}

nlohmann::json amount_json(const Amount& amount, Measure measure) {
  const Interval interval = interval_95(amount, measure);
  return {{"bytes", std::llround(amount.bytes)},
          {"count", std::llround(amount.count)},
          {"interval", {std::llround(interval.low), std::llround(interval.high)}}};
}

std::string_view name_of(By by) {
  switch (by) {
    case By::site:
      return "site";
    case By::function:
      return "function";
    case By::module:
      return "module";
    case By::thread:
      return "thread";
    case By::size:
      return "size";
    case By::process:
      return "process";
    case By::kind:
      return "kind";
  }
  return {};
}

}  // namespace

nlohmann::json leaks_json(const Verdicts& verdicts, std::string_view run) {
  nlohmann::json json{{"version", kVersion},
                      {"run", valid_utf8(run)},
                      {"leaks", nlohmann::json::array()},
                      {"settled", nlohmann::json::array()}};
  for (const Verdict& verdict : verdicts.leaks) json["leaks"].push_back(verdict_json(verdict));
  for (const Verdict& verdict : verdicts.settled) json["settled"].push_back(verdict_json(verdict));
  return json;
}

nlohmann::json top_json(const Top& top, std::string_view run, std::size_t rows_max) {
  const Measure measure = top.question.measure;
  nlohmann::json json{{"version", kVersion},
                      {"run", valid_utf8(run)},
                      {"by", name_of(top.by)},
                      {"measure", name_of(measure)},
                      {"is_exact", top.is_exact},
                      {"all", amount_json(top.all, measure)},
                      {"rows", nlohmann::json::array()}};
  for (const TopRow& row : top.rows) {
    if (json["rows"].size() == rows_max) break;
    nlohmann::json one = amount_json(row.own, measure);
    one["name"] = valid_utf8(row.name);
    if (!row.place.empty()) one["place"] = valid_utf8(row.place);
    if (top.by == By::function) one["with_callees"] = amount_json(row.with_callees, measure);
    if (top.by == By::site) one["stack"] = stack_json(row.stack);
    json["rows"].push_back(std::move(one));
  }
  return json;
}

nlohmann::json comparison_json(const HeapComparison& comparison, std::string_view run_before,
                               std::string_view run_after, std::size_t rows_max) {
  nlohmann::json json{{"version", kVersion},
                      {"before", amount_json(comparison.before, Measure::living)},
                      {"after", amount_json(comparison.after, Measure::living)},
                      {"changes", nlohmann::json::array()}};
  json["before"]["run"] = valid_utf8(run_before);
  json["after"]["run"] = valid_utf8(run_after);
  for (const HeapChange& change : comparison.changes) {
    if (json["changes"].size() == rows_max) break;
    json["changes"].push_back({{"bytes", std::llround(change.bytes())},
                               {"is_sure", change.is_sure()},
                               {"before", amount_json(change.before, Measure::living)},
                               {"after", amount_json(change.after, Measure::living)},
                               {"stack", stack_json(change.stack)}});
  }
  return json;
}

}  // namespace ullage::heap
