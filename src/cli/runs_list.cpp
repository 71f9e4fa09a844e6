// SPDX-License-Identifier: Apache-2.0
#include "cli/runs_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/moment.h"
#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "run/catalog.h"
#include "run/record.h"
#include "run/style.h"
#include "run/table.h"
#include "run/words.h"

namespace ullage::cli {

namespace {

constexpr std::array<std::string_view, 6> kStatuses = {"running", "finished",    "failed",
                                                       "oom",     "interrupted", "damaged"};

bool failed(const run::Record& record) {
  return record.oom || record.timed_out || record.signal || record.exit_code.value_or(0) != 0;
}

bool has_status(const run::CatalogEntry& entry, std::string_view status) {
  if (status.empty()) return true;
  if (!entry.problem.empty()) return status == "damaged";
  const run::Record& record = entry.record;
  if (status == "running") return record.state == run::State::running;
  if (status == "interrupted") return record.state == run::State::interrupted;
  if (status == "oom") return record.oom.has_value();
  if (record.state != run::State::finished) return false;
  return (status == "failed") == failed(record) && (status == "failed" || status == "finished");
}

bool matches(const run::CatalogEntry& entry, const RunFilter& filter) {
  if (!filter.name.empty() && entry.record.name != filter.name) return false;
  if (filter.since_ms && entry.record.started_ms < *filter.since_ms) return false;
  const bool has_tags = std::ranges::all_of(filter.tags, [&](const auto& tag) {
    const auto found = entry.record.tags.find(tag.first);
    return found != entry.record.tags.end() && found->second == tag.second;
  });
  return has_tags && has_status(entry, filter.status);
}

// A word, for a column: the whole sentence is `show`'s.
std::string end_word(const run::Record& record) {
  if (record.state == run::State::running) return "running";
  if (record.oom) return "out of memory";
  if (record.state == run::State::interrupted) return "interrupted";
  if (record.timed_out) return "timed out";
  if (record.signal) return run::signal_name(*record.signal);
  return record.exit_code ? fmt::format("exit {}", *record.exit_code) : "unknown";
}

std::string peak_words(const run::Memory& memory) {
  return memory.peak_bytes ? format_bytes(static_cast<double>(*memory.peak_bytes)) : "unknown";
}

std::string tag_words(const run::Record& record) {
  std::string text;
  for (const auto& [key, value] : record.tags) text += (text.empty() ? "" : " ") + key + '=' + value;
  return text;
}

template <class T>
nlohmann::json optional_json(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json entry_json(const run::CatalogEntry& entry) {
  const run::Record& record = entry.record;
  if (!entry.problem.empty())
    return {{"id", valid_utf8(record.id)},
            {"path", valid_utf8(entry.path)},
            {"size_bytes", entry.size_bytes},
            {"problem", valid_utf8(entry.problem)}};
  return {{"id", valid_utf8(record.id)},
          {"name", valid_utf8(record.name)},
          {"tags", record.tags},
          {"command", record.command},
          {"state", run::to_string(record.state)},
          {"started", format_moment(record.started_ms)},
          {"started_ms", record.started_ms},
          {"wall_seconds", record.wall_seconds},
          {"exit_code", optional_json(record.exit_code)},
          {"signal", optional_json(record.signal)},
          {"timed_out", record.timed_out},
          {"oom_killed", record.oom.has_value()},
          {"peak_bytes", optional_json(record.memory.peak_bytes)},
          {"limit_bytes", optional_json(record.memory.limit_bytes)},
          {"cpu_seconds", optional_json(run::cpu_seconds(record))},
          {"path", valid_utf8(entry.path)},
          {"size_bytes", entry.size_bytes},
          {"problem", nullptr}};
}

}  // namespace

Result<std::int64_t> parse_since(std::string_view text, std::int64_t now_ms) {
  if (const auto ago = parse_duration(text))
    return now_ms - std::chrono::duration_cast<std::chrono::milliseconds>(*ago).count();
  const auto wrong = [&] {
    return fail("'" + printable(text) + "' is not a time", "--since", "it reads as 2h, 3d or 2026-11-24");
  };
  std::string_view rest = text;
  const auto year = to_unsigned(take_until(rest, '-')), month = to_unsigned(take_until(rest, '-')),
             day = to_unsigned(rest);
  if (!year || !month || !day || *year > 9999 || *month > 12 || *day > 31) return wrong();
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return wrong();
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::sys_days(date).time_since_epoch())
      .count();
}

Result<std::string> parse_status(std::string_view text) {
  if (std::ranges::find(kStatuses, text) != kStatuses.end()) return std::string(text);
  std::string hint = did_you_mean(text, kStatuses);
  if (hint.empty()) hint = fmt::format("one of {}", fmt::join(kStatuses, ", "));
  return fail("'" + printable(text) + "' is not a status", "--status", std::move(hint));
}

std::vector<run::CatalogEntry> filtered(std::vector<run::CatalogEntry> entries, const RunFilter& filter) {
  std::erase_if(entries, [&](const run::CatalogEntry& entry) { return !matches(entry, filter); });
  if (filter.newest > 0 && entries.size() > filter.newest) entries.resize(filter.newest);
  return entries;
}

std::string runs_table(std::span<const run::CatalogEntry> entries, std::int64_t now_ms,
                       const run::Style& style, std::size_t width) {
  run::Table table{{{"id"},
                    {"name", false, true},
                    {"started"},
                    {"took", true},
                    {"end"},
                    {"peak", true},
                    {"cores", true},
                    {"tags", false, true}},
                   {}};
  std::string problems;  // below, as a sentence has no room in a column
  for (const run::CatalogEntry& entry : entries) {
    const run::Record& record = entry.record;
    if (!entry.problem.empty()) {
      table.rows.push_back({record.id, "", "", "", "damaged", "", "", ""});
      problems += style.warn("damaged: ") + printable(entry.problem) + '\n';
      continue;
    }
    const auto cores = run::cores_used(record);
    table.rows.push_back({record.id, run::display_name(record), run::format_ago(record.started_ms, now_ms),
                          format_duration(record.wall_seconds), end_word(record), peak_words(record.memory),
                          cores ? run::format_cores(*cores) : "unknown", tag_words(record)});
  }
  return run::table_text(table, style, width) + problems;
}

nlohmann::json runs_json(std::span<const run::CatalogEntry> entries) {
  nlohmann::json runs = nlohmann::json::array();
  for (const run::CatalogEntry& entry : entries) runs.push_back(entry_json(entry));
  return {{"version", 1}, {"runs", std::move(runs)}};
}

}  // namespace ullage::cli
