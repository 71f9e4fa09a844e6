// SPDX-License-Identifier: Apache-2.0
#include "run/diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/moment.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "run/fail_on.h"
#include "run/leaves.h"
#include "run/record.h"
#include "run/style.h"
#include "run/table.h"
#include "run/words.h"

namespace ullage::run {

namespace {

// Two runs of the same thing differ by less than this by chance.
constexpr double kChangedRatio = 0.01;

constexpr std::array<std::string_view, 9> kMain = {
    "wall_seconds",     "memory.peak_bytes",  "memory.average_bytes",
    "cpu.user_seconds", "cpu.system_seconds", "cpu.throttled_seconds",
    "io.read_bytes",    "io.written_bytes",   "processes.total"};
// About the measuring and the machine, not the run: last.
bool is_aside(std::string_view path) { return path.starts_with("sampling.") || path.starts_with("host."); }

std::size_t main_place(std::string_view path) {
  return static_cast<std::size_t>(std::ranges::find(kMain, path) - kMain.begin());
}

double magnitude(const Change& change) {
  if (change.before.has_value() != change.after.has_value()) return std::numeric_limits<double>::max();
  if (!change.before || *change.before == *change.after) return 0;
  return change.ratio() ? std::abs(*change.ratio()) : std::numeric_limits<double>::max();
}

bool matters_more(const Change& a, const Change& b) {
  const std::size_t place_a = main_place(a.path), place_b = main_place(b.path);
  if (place_a != place_b) return place_a < place_b;
  if (is_aside(a.path) != is_aside(b.path)) return is_aside(b.path);
  if (magnitude(a) != magnitude(b)) return magnitude(a) > magnitude(b);
  return a.path < b.path;
}

std::vector<Change> changes_between(const std::vector<Leaf>& before, const std::vector<Leaf>& after) {
  std::vector<Change> changes;
  const auto value_of = [](const Leaf* leaf) { return leaf == nullptr ? std::nullopt : leaf->value; };
  for (const Leaf& leaf : before)
    changes.push_back({leaf.path, leaf.unit, leaf.value, value_of(find_leaf(after, leaf.path)), false});
  for (const Leaf& leaf : after)
    if (find_leaf(before, leaf.path) == nullptr)
      changes.push_back({leaf.path, leaf.unit, std::nullopt, leaf.value, false});
  std::erase_if(changes, [](const Change& change) { return !change.before && !change.after; });
  for (Change& change : changes) change.is_main = main_place(change.path) < kMain.size();
  std::ranges::sort(changes, matters_more);
  return changes;
}

std::string said(const std::optional<double>& value, Unit unit) {
  return value ? format_figure(*value, unit) : "unknown";
}

std::string change_text(const Change& change) {
  if (!change.before || !change.after) return "";
  const double by = *change.after - *change.before;
  if (by == 0) return "=";
  if (!is_quantity(change.unit)) return "";
  const auto ratio = change.ratio();
  if (!ratio) return (by > 0 ? "+" : "") + format_figure(by, change.unit);
  if (std::abs(*ratio) >= 10) return fmt::format("×{:.0f}", *change.after / *change.before);
  return (by > 0 ? "+" : "") + format_ratio(*ratio);
}

Table table_of(const Diff& diff, bool all, std::size_t& left_out) {
  Table table{{{"figure", false, true}, {"before", true}, {"after", true}, {"change", true}}, {}};
  for (const Change& change : diff.changes) {
    if (!all && !change.is_main && (!change.is_changed() || is_aside(change.path))) {
      ++left_out;
      continue;
    }
    table.rows.push_back({change.path, said(change.before, change.unit), said(change.after, change.unit),
                          change_text(change)});
  }
  return table;
}

std::string run_words(const Record& record) {
  return fmt::format("{}  {}, {}, {}", printable(record.id), display_name(record),
                     format_duration(record.wall_seconds), exit_words(record));
}

// As much of a command as tells it from another.
std::string command_words(const Record& record) { return cut_to_width(shell_quoted(record.command), 60); }

// What is no figure but explains figures that differ.
std::vector<std::string> circumstances(const Diff& diff) {
  std::vector<std::string> lines;
  if (diff.before.command != diff.after.command)
    lines.push_back(
        fmt::format("the commands differ: {} / {}", command_words(diff.before), command_words(diff.after)));
  if (diff.before.host.name != diff.after.host.name)
    lines.push_back(fmt::format("the machines differ: {} / {}", printable(diff.before.host.name),
                                printable(diff.after.host.name)));
  if (diff.before.memory.peak_method != diff.after.memory.peak_method)
    lines.push_back(fmt::format("the peaks were found in different ways: {} / {}",
                                printable(diff.before.memory.peak_method),
                                printable(diff.after.memory.peak_method)));
  return lines;
}

std::string left_out_words(std::size_t left_out) {
  return fmt::format("{} changed by less than 1 % or {} about the measuring: --all shows them",
                     counted(left_out, "more figure"), left_out == 1 ? "is" : "are");
}

nlohmann::json optional_json(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json run_json(const Record& record) {
  return {{"id", valid_utf8(record.id)},
          {"name", valid_utf8(record.name)},
          {"started", format_moment(record.started_ms)}};
}

}  // namespace

std::optional<double> Change::ratio() const {
  if (!before || !after || *before == 0 || !is_quantity(unit)) return std::nullopt;
  return (*after - *before) / std::abs(*before);
}

bool Change::is_changed() const { return magnitude(*this) >= kChangedRatio; }

bool Diff::crossed() const {
  return std::ranges::any_of(gates, [](const GateResult& gate) { return gate.crossed; });
}

Result<Diff> compare(Record before, Record after, std::span<const FailOn> gates) {
  const auto leaves_before = leaves_of(before), leaves_after = leaves_of(after);
  Diff diff{std::move(before), std::move(after), changes_between(leaves_before, leaves_after), {}};
  for (const FailOn& gate : gates) {
    auto result = judge(gate, leaves_before, leaves_after);
    if (!result) return pass_on(result);
    diff.gates.push_back(std::move(*result));
  }
  return diff;
}

std::string diff_text(const Diff& diff, const Style& style, std::size_t width, bool all) {
  std::string text = style.faint("before  ") + run_words(diff.before) + '\n' + style.faint("after   ") +
                     run_words(diff.after) + '\n';
  for (const std::string& line : circumstances(diff)) text += style.faint("note    ") + line + '\n';
  std::size_t left_out = 0;
  text += '\n' + table_text(table_of(diff, all, left_out), style, width);
  if (left_out > 0) text += style.faint(left_out_words(left_out)) + '\n';
  for (const GateResult& gate : diff.gates)
    text += (gate.crossed ? style.bad("crossed") : style.good("held   ")) + "  " + gate.text + '\n';
  return text;
}

std::string diff_markdown(const Diff& diff, bool all) {
  std::size_t left_out = 0;
  Table runs{{{""}, {"run"}, {"name"}, {"time", true}, {"exit"}}, {}};
  for (const auto& [label, record] : {std::pair("before", &diff.before), std::pair("after", &diff.after)})
    runs.rows.push_back({label, record->id, display_name(*record), format_duration(record->wall_seconds),
                         exit_words(*record)});
  std::string text = table_markdown(runs) + '\n' + table_markdown(table_of(diff, all, left_out));
  if (left_out > 0) text += '\n' + left_out_words(left_out) + '\n';
  if (diff.gates.empty()) return text;
  Table gates{{{"gate"}, {"expression"}, {"seen"}}, {}};
  for (const GateResult& gate : diff.gates)
    gates.rows.push_back({gate.crossed ? "crossed" : "held", gate.expression, gate.text});
  return text + '\n' + table_markdown(gates);
}

nlohmann::json diff_json(const Diff& diff) {
  nlohmann::json figures = nlohmann::json::array(), gates = nlohmann::json::array();
  for (const Change& change : diff.changes)
    figures.push_back({{"path", valid_utf8(change.path)},
                       {"before", optional_json(change.before)},
                       {"after", optional_json(change.after)},
                       {"change_ratio", optional_json(change.ratio())}});
  for (const GateResult& gate : diff.gates)
    gates.push_back(
        {{"expression", valid_utf8(gate.expression)}, {"crossed", gate.crossed}, {"text", gate.text}});
  return {{"version", 1},
          {"before", run_json(diff.before)},
          {"after", run_json(diff.after)},
          {"figures", figures},
          {"gates", gates},
          {"crossed", diff.crossed()}};
}

}  // namespace ullage::run
