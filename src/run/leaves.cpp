// SPDX-License-Identifier: Apache-2.0
#include "run/leaves.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "run/record.h"
#include "run/words.h"

namespace ullage::run {

namespace {

using nlohmann::json;

void flatten(const json& node, const std::string& path, std::vector<Leaf>& leaves);

// "load", "epoch", "epoch[2]": what an element of limits or phases is called.
std::string element_name(const json& element, std::map<std::string, int>& turns) {
  const std::string name = element.value(element.contains("resource") ? "resource" : "name", std::string());
  const int turn = ++turns[name];
  return turn == 1 ? name : fmt::format("{}[{}]", name, turn);
}

void flatten_member(const std::string& name, const json& value, const std::string& path,
                    std::vector<Leaf>& leaves) {
  if (name == "phases" || name == "limits") {
    std::map<std::string, int> turns;
    for (const json& element : value) flatten(element, path + '.' + element_name(element, turns), leaves);
  } else if (!value.is_array() && !value.is_string() && !name.ends_with("_ms") && name != "version") {
    flatten(value, path, leaves);
  }
}

void flatten(const json& node, const std::string& path, std::vector<Leaf>& leaves) {
  if (node.is_object()) {
    for (const auto& [name, value] : node.items())
      flatten_member(name, value, path.empty() ? name : path + '.' + name, leaves);
    return;
  }
  Leaf leaf{path, unit_of_path(path), {}};
  if (node.is_boolean()) leaf.value = node.get<bool>() ? 1 : 0;
  if (node.is_number()) leaf.value = node.get<double>();
  leaves.push_back(std::move(leaf));
}

}  // namespace

std::vector<Leaf> leaves_of(const Record& record) {
  json whole = to_json(record);
  // Maps of text, and null where there is nothing to tell of; no figures in them.
  for (const char* member : {"tags", "environment", "oom", "oom_killer"}) whole.erase(member);
  std::vector<Leaf> leaves;
  flatten(whole, "", leaves);
  return leaves;
}

bool is_quantity(Unit unit) { return unit != Unit::code && unit != Unit::yes_no; }

Unit unit_of_path(std::string_view path) {
  if (path.ends_with("_bytes") || path.starts_with("limits.memory.")) return Unit::bytes;
  if (path.ends_with("_seconds") || path.starts_with("limits.timeout.")) return Unit::seconds;
  if (path == "cpu.cores_available" || path.starts_with("limits.cpus.")) return Unit::cores;
  if (path == "interrupted" || path == "timed_out" || path == "oom_killed") return Unit::yes_no;
  if (path == "exit_code" || path == "signal") return Unit::code;
  return Unit::count;
}

std::string format_figure(double value, Unit unit) {
  switch (unit) {
    case Unit::bytes:
      return format_bytes(value);
    case Unit::seconds:
      return value == 0 ? "0 s" : format_duration(value);
    case Unit::cores:
      return format_cores(value);
    case Unit::count:
    case Unit::code:
      return format_count(value);
    case Unit::yes_no:
      return value == 0 ? "no" : "yes";
  }
  return {};
}

const Leaf* find_leaf(const std::vector<Leaf>& leaves, std::string_view path) {
  const auto found = std::ranges::find(leaves, path, &Leaf::path);
  return found == leaves.end() ? nullptr : &*found;
}

}  // namespace ullage::run
