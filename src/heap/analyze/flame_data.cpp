// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "heap/analyze/calls.h"
#include "heap/analyze/flame.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/peak.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

using Column = std::vector<double>;  // own bytes by node

std::string json_text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void append_numbers(std::string& out, std::string_view name, const auto& numbers) {
  out.append(",\"").append(name).append("\":[");
  bool first = true;
  for (const auto number : numbers) {
    if (!first) out += ',';
    first = false;
    out += std::to_string(static_cast<long long>(number));
  }
  out += ']';
}

// The nodes that stay; what the others hold is their nearest caller's that does.
std::vector<bool> largest_nodes(const Calls& calls, std::span<const Column> columns, std::size_t nodes_max) {
  std::vector<double> weight(calls.nodes.size());
  for (const Column& column : columns) {
    double whole = 0;
    std::vector<double> all(calls.nodes.size());
    for (std::size_t node = calls.nodes.size(); node-- > 0;) {
      all[node] += std::abs(column[node]);
      whole += std::abs(column[node]);
      if (node > 0) all[calls.nodes[node].parent] += all[node];
    }
    for (std::size_t node = 0; node < weight.size() && whole > 0; ++node)
      weight[node] = std::max(weight[node], all[node] / whole);
  }
  double least = 0;
  if (weight.size() > nodes_max) {
    std::vector<double> sorted = weight;
    const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(nodes_max - 1);
    std::ranges::nth_element(sorted, at, std::greater());
    least = *at;
  }
  std::vector<bool> stays(weight.size());
  for (std::size_t node = 0; node < weight.size(); ++node)
    stays[node] = weight[node] > 0 && weight[node] >= least;
  stays[0] = true;  // a caller weighs no less than what it calls, so no node stays without its callers
  return stays;
}

struct Kept {
  std::vector<std::uint32_t> parents, frames;
  std::vector<Column> columns;
};

Kept keep(const Calls& calls, std::span<const Column> columns, const std::vector<bool>& stays) {
  Kept kept;
  std::vector<std::uint32_t> number(calls.nodes.size());
  for (std::size_t node = 0; node < calls.nodes.size(); ++node) {
    const std::uint32_t parent = number[calls.nodes[node].parent];
    number[node] = parent;  // of one that goes: its caller's
    if (!stays[node]) continue;
    number[node] = static_cast<std::uint32_t>(kept.parents.size());
    kept.parents.push_back(node == 0 ? 0 : parent);
    kept.frames.push_back(node == 0 ? 0 : calls.nodes[node].frame);
  }
  for (const Column& column : columns) {
    Column& own = kept.columns.emplace_back(kept.parents.size());
    for (std::size_t node = 0; node < column.size(); ++node) own[number[node]] += column[node];
  }
  return kept;
}

class Texts {
 public:
  std::size_t number_of(const std::string& text) {
    const auto [at, is_new] = numbers_.try_emplace(text, texts_.size());
    if (is_new) texts_.push_back(valid_utf8(text));
    return at->second;
  }
  const std::vector<std::string>& all() const { return texts_; }

 private:
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> texts_;
};

void append_frames(std::string& out, const Calls& calls, Kept& kept) {
  Texts texts;
  std::vector<std::size_t> functions, files, modules;
  std::vector<std::uint32_t> lines;
  std::map<std::uint32_t, std::uint32_t> number;
  for (std::size_t node = 1; node < kept.frames.size(); ++node) {
    const auto [at, is_new] =
        number.try_emplace(kept.frames[node], static_cast<std::uint32_t>(functions.size()));
    if (is_new) {
      const Frame& frame = calls.frames[kept.frames[node]];
      functions.push_back(texts.number_of(frame.function));
      files.push_back(texts.number_of(frame.file));
      modules.push_back(texts.number_of(frame.module));
      lines.push_back(frame.line);
    }
    kept.frames[node] = at->second;
  }
  out += ",\"texts\":" + json_text(texts.all());
  append_numbers(out, "functions", functions);
  append_numbers(out, "files", files);
  append_numbers(out, "modules", modules);
  append_numbers(out, "lines", lines);
}

}  // namespace

std::string flame_data(std::span<const Profile> profiles, std::span<const FlameMoment> moments,
                       std::size_t nodes_max) {
  const Calls calls = join_calls(profiles);
  std::vector<Column> columns;
  std::vector<Amount> totals;
  for (const FlameMoment& moment : moments) {
    const std::vector<Amount> own = amounts_by_node(calls, profiles, moment.question);
    Column& column = columns.emplace_back();
    Amount& total = totals.emplace_back();
    for (const Amount& amount : own) {
      column.push_back(amount.bytes);
      total += amount;
    }
    total.greatest_of = moments_like_the_peak(profiles, moment.question, total);
  }
  Kept kept = keep(calls, columns, largest_nodes(calls, columns, nodes_max));
  std::string out = R"({"version":1)";
  out += ",\"is_exact\":";
  out += std::ranges::all_of(profiles, &Profile::is_exact) ? "true" : "false";
  append_frames(out, calls, kept);
  append_numbers(out, "parents", kept.parents);
  append_numbers(out, "frames", kept.frames);
  out += ",\"moments\":[";
  for (std::size_t i = 0; i < moments.size(); ++i) {
    const Interval interval = interval_95(totals[i], moments[i].question.measure);
    out += i == 0 ? "" : ",";
    out += "{\"name\":" + json_text(valid_utf8(moments[i].name));
    out += ",\"measure\":" + json_text(moments[i].question.measure == Measure::growth ? "growth" : "amount");
    append_numbers(out, "interval", std::vector<double>{std::round(interval.low), std::round(interval.high)});
    std::vector<std::size_t> nodes;
    std::vector<double> bytes;
    std::size_t before = 0;
    for (std::size_t node = 0; node < kept.columns[i].size(); ++node) {
      const double own = std::round(kept.columns[i][node]);
      if (own == 0) continue;
      nodes.push_back(node - before);  // differences are short numbers
      before = node;
      bytes.push_back(own);
    }
    append_numbers(out, "nodes", nodes);
    append_numbers(out, "bytes", bytes);
    out += '}';
  }
  return out + "]}";
}

}  // namespace ullage::heap
