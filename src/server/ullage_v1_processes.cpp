// SPDX-License-Identifier: Apache-2.0
#include "server/ullage_v1_processes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "run/secrets.h"
#include "sense/processes/group_books.h"
#include "sense/processes/process_row.h"

namespace ullage::server {

namespace {

using nlohmann::json;

constexpr std::size_t kCommandBytesMax = 2000;

template <class T>
json told(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

double rank(const sense::ProcessRow& row, ProcessOrder order) {
  switch (order) {
    case ProcessOrder::memory:
      return static_cast<double>(row.sample.resident_bytes.value_or(0));
    case ProcessOrder::cpu:
      return row.cpu_cores;
    case ProcessOrder::growth:
      return row.growth_bytes_per_minute.value_or(-1e300);  // of whom none is known come last
    case ProcessOrder::io:
      return static_cast<double>(row.used.read_bytes) + static_cast<double>(row.used.written_bytes);
  }
  return 0;
}

// Arguments as the kernel has them to one line, without what must not be shown.
std::string shown_command(const std::string& nul_separated) {
  std::vector<std::string> arguments;
  for (std::size_t begin = 0; begin < nul_separated.size();) {
    const std::size_t end = std::min(nul_separated.find('\0', begin), nul_separated.size());
    arguments.push_back(nul_separated.substr(begin, end - begin));
    begin = end + 1;
  }
  std::string line;
  for (const std::string& argument : run::mask_arguments(arguments)) {
    line += (line.empty() ? "" : " ") + argument;
    if (line.size() > kCommandBytesMax) break;
  }
  if (line.size() > kCommandBytesMax) line.resize(kCommandBytesMax);
  return line;
}

json io_rate(const sense::ProcessRow& row, std::uint64_t bytes, double interval_seconds) {
  // At its first reading `used` is since its birth: no rate is known yet.
  if (row.is_new || !row.sample.read_bytes || interval_seconds <= 0) return nullptr;
  return static_cast<double>(bytes) / interval_seconds;
}

json growing_since(const std::optional<double>& seconds, std::int64_t time_ms) {
  if (!seconds) return nullptr;
  return time_ms - std::llround(*seconds * 1000);
}

json process_json(const sense::ProcessRow& row, const ProcessesAnswer& answer) {
  const double interval_seconds = answer.interval_seconds;
  const sense::ProcessSample& sample = row.sample;
  return {{"pid", sample.pid},
          {"parent_pid", sample.parent_pid},
          {"name", sample.name},
          {"command", shown_command(row.command_line)},
          {"user", row.group->user},
          {"group", row.group->name},
          {"unit", row.group->unit},
          {"state", std::string(1, sample.state)},
          {"threads", sample.threads},
          {"cpu_cores", row.cpu_cores},
          {"cpu_cores_usual", row.usual_cpu_cores},
          {"cpu_seconds", sample.user_seconds + sample.system_seconds},
          {"resident_bytes", told(sample.resident_bytes)},
          {"anonymous_bytes", told(sample.anonymous_bytes)},
          {"proportional_bytes", told(sample.proportional_bytes)},
          {"swap_bytes", told(sample.swap_bytes)},
          {"growth_bytes_per_minute", told(row.growth_bytes_per_minute)},
          {"growing_since_ms", growing_since(row.growing_seconds, answer.time_ms)},
          {"open_files", told(sample.open_files)},
          {"read_bytes", told(sample.read_bytes)},
          {"written_bytes", told(sample.written_bytes)},
          {"read_bytes_per_second", io_rate(row, row.used.read_bytes, interval_seconds)},
          {"written_bytes_per_second", io_rate(row, row.used.written_bytes, interval_seconds)}};
}

std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::optional<ProcessOrder> process_order(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, ProcessOrder>, 4> kWords = {
      {{"memory", ProcessOrder::memory},
       {"cpu", ProcessOrder::cpu},
       {"growth", ProcessOrder::growth},
       {"io", ProcessOrder::io}}};
  for (const auto& [known, order] : kWords)
    if (known == word) return order;
  return std::nullopt;
}

std::vector<sense::ProcessRow> first_processes(std::span<const sense::ProcessRow> rows, ProcessOrder order,
                                               std::size_t limit) {
  std::vector<std::pair<double, std::size_t>> ranks;
  ranks.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) ranks.emplace_back(rank(rows[i], order), i);
  const std::size_t count = std::min(limit, ranks.size());
  const auto comes_first = [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  };
  std::ranges::partial_sort(ranks, std::next(ranks.begin(), static_cast<std::ptrdiff_t>(count)), comes_first);
  std::vector<sense::ProcessRow> chosen;
  chosen.reserve(count);
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(rows[ranks[i].second]);
  return chosen;
}

std::string processes_json(const ProcessesAnswer& answer) {
  json rows = json::array();
  for (const sense::ProcessRow& row : answer.rows) rows.push_back(process_json(row, answer));
  return text_of({{"time_ms", answer.time_ms},
                  {"total", answer.total},
                  {"hidden", answer.hidden},
                  {"processes", std::move(rows)}});
}

std::string groups_json(std::int64_t time_ms, std::vector<NamedGroup> groups) {
  std::ranges::sort(groups, [](const NamedGroup& a, const NamedGroup& b) {
    const auto left = a.sample.resident_bytes.value_or(0), right = b.sample.resident_bytes.value_or(0);
    return left != right ? left > right : a.group < b.group;
  });
  json listed = json::array();
  for (const auto& [group, sample] : groups)
    listed.push_back(
        {{"name", group.name},
         {"user", group.user},
         {"unit", group.unit},
         {"processes", sample.processes},
         {"threads", sample.threads},
         {"resident_bytes", told(sample.resident_bytes)},
         {"proportional_bytes", told(sample.proportional_bytes)},
         {"swap_bytes", told(sample.swap_bytes)},
         {"growth_bytes_per_minute", told(sample.growth_bytes_per_minute)},
         {"growing_since_ms", growing_since(sample.growing_seconds, time_ms)},
         {"largest_process_bytes", sample.largest_process_bytes},
         {"cpu_seconds", sample.used.user_seconds + sample.used.system_seconds},
         {"read_bytes", sample.is_io_known ? json(sample.used.read_bytes) : json(nullptr)},
         {"written_bytes", sample.is_io_known ? json(sample.used.written_bytes) : json(nullptr)}});
  return text_of({{"time_ms", time_ms}, {"groups", std::move(listed)}});
}

}  // namespace ullage::server
