// SPDX-License-Identifier: Apache-2.0
#include "run/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "base/units.h"
#include "run/record.h"
#include "run/style.h"
#include "run/words.h"

namespace ullage::run {

namespace {

// Below this, figures of waiting are noise that would only fill the line.
constexpr double kWorthSeconds = 0.1;

// A peak that is less than this without dirty page cache says little of the limit that is needed.
constexpr double kFirmShare = 0.9;

std::string bytes(std::uint64_t count) { return format_bytes(static_cast<double>(count)); }

std::string peak_of_limit(const Memory& memory) {
  if (!memory.peak_bytes) return "peak unknown";
  std::string text = "peak " + bytes(*memory.peak_bytes);
  if (!memory.limit_bytes || *memory.limit_bytes == 0) return text;
  const double ratio = static_cast<double>(*memory.peak_bytes) / static_cast<double>(*memory.limit_bytes);
  return text + fmt::format(" of {} ({})", bytes(*memory.limit_bytes), format_ratio(ratio));
}

bool went_well(const Record& record) {
  return !record.oom && !record.timed_out && !record.signal && record.state != State::interrupted &&
         record.exit_code.value_or(0) == 0;
}

std::string head_line(const Record& record, const Style& style) {
  const std::string duration = format_duration(record.wall_seconds);
  const std::string words = exit_words(record);
  std::string line = style.bold(display_name(record));
  switch (record.state) {
    case State::running:
      return line + " has been running for " + duration;
    case State::interrupted:
      return line + " was last seen after " + duration + ", " + style.bad(words);
    case State::finished:
      break;
  }
  line += (went_well(record) || record.exit_code ? " finished in " : " ended after ") + duration + ", ";
  line += went_well(record) ? style.good(words) : style.bad(words);
  if (record.processes.left_running > 0)
    line += ", " + style.warn(counted(record.processes.left_running, "descendant") + " left running");
  return line;
}

std::string memory_line(const Record& record) {
  const Memory& memory = record.memory;
  std::string line = peak_of_limit(memory);
  if (memory.limit_bytes && memory.limit_source == "machine") line += " of the machine";
  if (const auto firm = memory.peak_without_dirty_bytes;
      firm && static_cast<double>(*firm) < kFirmShare * static_cast<double>(memory.peak_bytes.value_or(0)))
    line += fmt::format(", {} but for what waited to be written", bytes(*firm));
  if (memory.average_bytes) line += ", average " + bytes(*memory.average_bytes);
  if (memory.cache_bytes && *memory.cache_bytes > 0) line += ", page cache " + bytes(*memory.cache_bytes);
  if (memory.swap_peak_bytes && *memory.swap_peak_bytes > 0)
    line += ", swap " + bytes(*memory.swap_peak_bytes);
  return line;
}

std::string cpu_line(const Record& record) {
  const auto used = cores_used(record);
  if (!used) return "unknown";
  const double had = record.cpu.cores_available;
  std::string line = format_cores(*used);
  if (had > 0)
    line += fmt::format(" of {} {} ({})", format_cores(had), had == 1 ? "core" : "cores",
                        format_ratio(*used / had));
  else
    line += *used == 1 ? " core" : " cores";
  line += fmt::format(", {} of CPU time", format_duration(*cpu_seconds(record)));
  if (record.cpu.throttled_seconds.value_or(0) >= kWorthSeconds)
    line += ", throttled for " + format_duration(*record.cpu.throttled_seconds);
  if (record.cpu.run_queue_wait_seconds.value_or(0) >= kWorthSeconds)
    line += fmt::format(", waited {} for a processor", format_duration(*record.cpu.run_queue_wait_seconds));
  return line;
}

void add_stall(std::string& text, std::string_view what, const std::optional<double>& seconds) {
  if (seconds.value_or(0) < kWorthSeconds) return;
  text += fmt::format("{}{} {}", text.empty() ? "" : ", ", what, format_duration(*seconds));
}

std::string pressure_words(const Pressure& pressure) {
  std::string stalls;
  add_stall(stalls, "I/O", pressure.io_some_seconds);
  add_stall(stalls, "memory", pressure.memory_some_seconds);
  add_stall(stalls, "CPU", pressure.cpu_some_seconds);
  if (stalls.empty()) return {};
  return (pressure.scope == "machine" ? "the machine stalled on " : "stalled on ") + stalls;
}

std::string io_line(const Record& record) {
  std::string line;
  if (record.io.read_bytes || record.io.written_bytes)
    line = fmt::format("read {}, wrote {}", record.io.read_bytes ? bytes(*record.io.read_bytes) : "unknown",
                       record.io.written_bytes ? bytes(*record.io.written_bytes) : "unknown");
  else
    line = "unknown";
  const std::string pressure = pressure_words(record.pressure);
  return pressure.empty() ? line : line + "; " + pressure;
}

std::string limit_value(const Limit& limit) {
  if (limit.resource == "memory") return format_bytes(limit.asked);
  if (limit.resource == "timeout") return format_duration(limit.asked);
  return fmt::format("{:g}", limit.asked);
}

// Of "cgroup v2: …; cgroup v1: /sys/fs/…: cannot make the cgroup: Read-only file system" the end: the last
// that was tried, without where. All of it stands in `show` and the report.
std::string last_cause(const std::string& problem) {
  const std::size_t semicolon = problem.rfind("; ");
  std::string_view rest(problem);
  if (semicolon != std::string::npos) rest.remove_prefix(semicolon + 2);
  while (rest.starts_with("cgroup v") || rest.starts_with("/")) {
    const std::size_t colon = rest.find(": ");
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 2);
  }
  return printable(rest);
}

// More than there is: nothing is held that would not be anyway.
bool is_idle(const Limit& limit) { return limit.problem.find("above what ") != std::string::npos; }

bool is_held_well(const Limit& limit) {
  if (is_idle(limit)) return false;
  if (limit.mechanism == "cgroup v2" || limit.mechanism == "cgroup v1") return limit.got.has_value();
  return limit.problem.empty() && (limit.got || limit.mechanism == "supervisor");
}

std::string held_words(const Limit& limit) {
  if (is_idle(limit)) return "of no effect";
  if (limit.mechanism == "supervisor") return "held by Ullage's own samples";
  return limit.got ? "held by " + limit.mechanism + " only" : "not held, as it could not be set";
}

// Limits that are held alike are told together, with the last cause of the last.
std::string problem_words(const Record& record) {
  struct Alike {
    std::string held, limits, cause;
    std::size_t count = 0;
  };
  std::vector<Alike> groups;
  for (const Limit& limit : record.limits) {
    if (is_held_well(limit)) continue;
    const std::string held = held_words(limit);
    auto group = std::ranges::find(groups, held, &Alike::held);
    if (group == groups.end()) group = groups.insert(groups.end(), Alike{.held = held});
    const std::string cause = last_cause(limit.problem);
    const bool is_another = is_idle(limit) && group->count > 0 && cause != group->cause;
    group->limits += (group->count++ == 0 ? "" : ", ") + limit.resource + ' ' + limit_value(limit);
    group->cause = is_another ? "more than there is" : cause;
  }
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Alike& group = groups[i];
    text += fmt::format("{}{} {} {}", i == 0 ? "" : "; ", group.limits, group.count == 1 ? "is" : "are",
                        group.held);
    const bool told_next = i + 1 < groups.size() && groups[i + 1].cause == group.cause;
    if (!group.cause.empty() && !told_next) text += " (" + group.cause + ")";
  }
  return text;
}

// How long before its end the kill was foreseeable.
std::optional<double> notice_seconds(const Record& record) {
  if (!record.oom->foreseeable_ms) return std::nullopt;
  const double seconds = static_cast<double>(end_ms(record) - *record.oom->foreseeable_ms) / 1000;
  return seconds > 0 ? std::optional(seconds) : std::nullopt;
}

std::string oom_words(const Record& record) {
  const Oom& oom = *record.oom;
  std::string text =
      fmt::format("{} killed {}", oom.killer == "kernel" ? "the kernel" : printable(oom.killer),
                  oom.victim.empty() ? "it" : printable(oom.victim));
  if (!oom.holder.empty() && oom.holder_bytes && oom.holder != oom.victim)
    text += fmt::format(", {} held {}", printable(oom.holder), bytes(*oom.holder_bytes));
  else if (oom.holder_bytes)
    text += fmt::format(", which held {}", bytes(*oom.holder_bytes));
  if (const auto notice = notice_seconds(record))
    text += fmt::format("; foreseeable {} before", format_duration(*notice));
  if (oom.enough_bytes) text += fmt::format("; {} would have been enough", bytes(*oom.enough_bytes));
  return text;
}

std::string advice_words(const Record& record) {
  if (record.advice.empty()) return {};
  const Advice& first = record.advice.front();
  std::string text = printable(first.text) + " (" + printable(first.evidence) + ")";
  if (record.advice.size() > 1) text += fmt::format(" +{} more", record.advice.size() - 1);
  return text;
}

std::string report_words(const SummaryStyle& style) {
  if (!style.report_path.empty()) return printable(style.report_path);
  if (style.run_argument.empty()) return "none, as the run could not be kept";
  return "ullage show " + style.run_argument + " -o report.html";
}

std::string who_killed(const Record& record) {
  const std::string& killer = record.oom->killer;
  if (killer == "kernel") return "the kernel";
  if (killer == "ullage limit") return "Ullage";
  return killer.empty() ? "something that is not known" : printable(killer);
}

std::string oom_verdict(const Record& record) {
  std::string text = "Killed by " + who_killed(record);
  text += memory_limit_is_set(record.memory)
              ? " for exceeding its memory limit of " + bytes(*record.memory.limit_bytes)
              : " when the machine ran out of memory";
  text += " after " + format_duration(record.wall_seconds);
  if (const auto notice = notice_seconds(record))
    text += fmt::format("; it was foreseeable {} before", format_duration(*notice));
  if (record.oom->enough_bytes)
    text += fmt::format("; {} would have been enough", bytes(*record.oom->enough_bytes));
  return text;
}

std::string timeout_verdict(const Record& record) {
  std::string text = "Stopped by its time limit";
  for (const Limit& limit : record.limits)
    if (limit.resource == "timeout") text += " of " + format_duration(limit.asked);
  return text + " after " + format_duration(record.wall_seconds);
}

std::string ending(const Record& record) {
  const std::string duration = format_duration(record.wall_seconds);
  if (record.oom) return oom_verdict(record);
  if (record.state == State::running) return "Still running after " + duration;
  if (record.state == State::interrupted)
    return "Watched for " + duration + ", then Ullage was gone: how it ended is not known";
  if (record.timed_out) return timeout_verdict(record);
  if (record.signal) return fmt::format("Ended by {} after {}", signal_name(*record.signal), duration);
  if (!record.exit_code) return "Ended after " + duration + ", with what exit code is not known";
  if (*record.exit_code != 0)
    return fmt::format("Failed with exit code {} after {}", *record.exit_code, duration);
  return "Finished in " + duration;
}

std::string cores_busy(const Record& record) {
  const auto used = cores_used(record);
  if (!used) return {};
  const double had = record.cpu.cores_available;
  if (had <= 0) return format_cores(*used) + " cores busy";
  return fmt::format("{} of {} {} busy", format_cores(*used), format_cores(had), had == 1 ? "core" : "cores");
}

std::string labelled(std::string_view label, std::string_view words, const Style& style) {
  return "  " + style.faint(fmt::format("{:<8}", label)) + std::string(words) + '\n';
}

}  // namespace

std::string summary_text(const Record& record, const SummaryStyle& look) {
  const Style style{look.colour};
  std::vector<std::pair<std::string, std::string>> notes;
  if (record.oom) notes.emplace_back("oom", style.bad(oom_words(record)));
  if (const std::string text = problem_words(record); !text.empty())
    notes.emplace_back("limits", style.warn(text));
  if (const std::string text = advice_words(record); !text.empty())
    notes.emplace_back("advice", style.warn(text));
  // Five lines in all: after a kill, the kill says what the advice would.
  if (record.oom) notes.resize(1);

  std::string text =
      look.prefix + head_line(record, style) + '\n' + labelled("memory", memory_line(record), style);
  if (notes.empty())
    text += labelled("cpu", cpu_line(record), style) + labelled("i/o", io_line(record), style);
  else
    text += labelled("cpu", cpu_line(record) + "; " + io_line(record), style);
  if (notes.size() == 2) notes.back().second += style.faint("; report: " + report_words(look));
  for (const auto& [label, words] : notes) text += labelled(label, words, style);
  if (notes.size() < 2) text += labelled("report", report_words(look), style);
  return text;
}

std::string figures_text(const Record& record, const Style& style) {
  std::string text = labelled("memory", memory_line(record), style) +
                     labelled("cpu", cpu_line(record), style) + labelled("i/o", io_line(record), style);
  if (record.oom) text += labelled("oom", style.bad(oom_words(record)), style);
  if (const std::string problem = problem_words(record); !problem.empty())
    text += labelled("limits", style.warn(problem), style);
  return text;
}

std::string verdict(const Record& record) {
  std::string text = ending(record);
  if (!record.oom) {
    text += "; " + peak_of_limit(record.memory);
    if (const std::string busy = cores_busy(record); !busy.empty()) text += ", " + busy;
  }
  if (const auto left = record.processes.left_running; left > 0)
    text += fmt::format("; {} {} left running", counted(left, "process"), left == 1 ? "was" : "were");
  return text + '.';
}

}  // namespace ullage::run
