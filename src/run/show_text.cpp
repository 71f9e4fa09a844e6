// SPDX-License-Identifier: Apache-2.0
#include "run/show_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
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
#include "history/series_file.h"
#include "run/growth_verdicts.h"
#include "run/record.h"
#include "run/series_view.h"
#include "run/summary.h"
#include "run/table.h"
#include "run/text_chart.h"
#include "run/words.h"

namespace ullage::run {

namespace {

constexpr std::size_t kProcessesShown = 15;
constexpr std::size_t kEventsShown = 40;
constexpr std::size_t kWidthMax = 160;  // a chart wider than that says no more

std::string said_bytes(const std::optional<std::uint64_t>& bytes) {
  return bytes ? format_bytes(static_cast<double>(*bytes)) : "unknown";
}

std::string since_start(const Record& record, std::int64_t time_ms) {
  const std::int64_t since = time_ms - record.started_ms;
  return since <= 0 ? "+0 s" : "+" + format_duration(static_cast<double>(since) / 1000);
}

std::string heading(const ShowLook& look, std::string_view title) {
  return '\n' + look.style.bold(title) + '\n';
}

std::string said_more(std::size_t all, std::size_t shown, std::string_view noun) {
  return all > shown ? fmt::format("  and {} more; ullage show --json has all\n", counted(all - shown, noun))
                     : "";
}

std::string process_name(const Process& process) {
  if (process.count > 1 || process.pid == 0) return fmt::format("{} ×{}", process.name, process.count);
  return process.command.empty() ? process.name : process.command;
}

std::string process_end(const Process& process) {
  if (process.signal) return signal_name(*process.signal);
  if (process.exit_code) return fmt::format("exit {}", *process.exit_code);
  return process.end_ms || process.pid == 0 ? "" : "alive";
}

std::string processes_text(const Record& record, const ShowLook& look) {
  if (record.process_table.empty()) return {};
  Table table{{{"pid", true},
               {"process", false, true},
               {"peak", true},
               {"cpu", true},
               {"read", true},
               {"wrote", true},
               {"began", true},
               {"end"}},
              {}};
  for (const Process& process : record.process_table) {
    if (table.rows.size() == kProcessesShown) break;
    const bool has_cpu = process.user_seconds || process.system_seconds;
    table.rows.push_back(
        {process.pid == 0 ? "" : std::to_string(process.pid), process_name(process),
         said_bytes(process.peak_bytes),
         has_cpu ? format_duration(process.user_seconds.value_or(0) + process.system_seconds.value_or(0))
                 : "unknown",
         said_bytes(process.read_bytes), said_bytes(process.written_bytes),
         since_start(record, process.begin_ms), process_end(process)});
  }
  const std::string counts = fmt::format("Processes: {} in all, {} at once",
                                         format_count(static_cast<double>(record.processes.total)),
                                         format_count(static_cast<double>(record.processes.peak)));
  return heading(look, counts) + table_text(table, look.style, look.width, "  ") +
         said_more(record.process_table.size(), kProcessesShown, "row");
}

std::string phases_text(const Record& record, const ShowLook& look) {
  if (record.phases.empty()) return {};
  Table table{{{"phase", false, true}, {"began", true}, {"took", true}, {"peak", true}, {"cpu", true}}, {}};
  for (const Phase& phase : record.phases) {
    const double end = static_cast<double>(phase.end_ms.value_or(end_ms(record)) - phase.begin_ms) / 1000;
    table.rows.push_back({phase.name, since_start(record, phase.begin_ms),
                          (phase.end_ms ? "" : ">") + format_duration(std::max(end, 0.0)),
                          said_bytes(phase.peak_bytes),
                          phase.cpu_seconds ? format_duration(*phase.cpu_seconds) : "unknown"});
  }
  return heading(look, "Phases") + table_text(table, look.style, look.width, "  ");
}

std::string events_text(const Record& record, const ShowLook& look) {
  if (record.events.empty()) return {};
  std::string text = heading(look, "Events");
  std::size_t shown = 0;
  for (const Event& event : record.events) {
    if (++shown > kEventsShown) break;
    const std::string severity = padded(printable(event.severity), 8);
    text += fmt::format("  {}  {}  {}\n", padded(since_start(record, event.time_ms), 9, true),
                        event.severity == "critical"  ? look.style.bad(severity)
                        : event.severity == "warning" ? look.style.warn(severity)
                                                      : look.style.faint(severity),
                        printable(event.text));
  }
  return text + said_more(record.events.size(), kEventsShown, "event");
}

std::string advice_text(const Record& record, const ShowLook& look) {
  if (record.advice.empty()) return {};
  std::string text = heading(look, "Advice");
  for (const Advice& advice : record.advice)
    text += fmt::format("  {} {}\n    {}\n", look.utf8 ? "•" : "*", printable(advice.text),
                        look.style.faint(printable(advice.evidence)));
  return text;
}

std::string growth_text(const Record& record, const ShowLook& look) {
  if (record.growth.empty()) return {};
  return heading(look, "Does it grow?") + growth_lines(record.growth, look);
}

std::string limit_value(const std::string& resource, double value) {
  if (resource == "memory") return format_bytes(value);
  if (resource == "timeout") return format_duration(value);
  return fmt::format("{:g}", value);
}

std::string limits_text(const Record& record, const ShowLook& look) {
  if (record.limits.empty()) return {};
  Table table{{{"limit"}, {"asked", true}, {"got", true}, {"held by"}, {"problem", false, true}}, {}};
  for (const Limit& limit : record.limits)
    table.rows.push_back({limit.resource, limit_value(limit.resource, limit.asked),
                          limit.got ? limit_value(limit.resource, *limit.got) : "none", limit.mechanism,
                          limit.problem});
  return heading(look, "Limits") + table_text(table, look.style, look.width, "  ");
}

std::string environment_text(const Record& record, const ShowLook& look) {
  std::string text = heading(look, "Where and how");
  const auto line = [&](std::string_view label, const std::string& value) {
    if (!value.empty()) text += "  " + look.style.faint(padded(label, 10)) + ' ' + value + '\n';
  };
  line("run", printable(record.id));
  // Whole in the line that repeats it.
  const std::size_t room = std::max<std::size_t>(look.width, 40) - 13;
  line("command", cut_to_width(shell_quoted(record.command), room));
  line("directory", printable(record.working_directory));
  line("started", format_moment(record.started_ms));
  std::string tags, variables;
  for (const auto& [key, value] : record.tags)
    tags += (tags.empty() ? "" : ", ") + printable(key) + '=' + printable(value);
  for (const auto& [key, value] : record.environment)
    variables += (variables.empty() ? "" : " ") + printable(key) + '=' + printable(value);
  line("tags", tags);
  line("variables", variables);
  line("machine", fmt::format("{}, Linux {}, {}, {}, cgroups {}", printable(record.host.name),
                              printable(record.host.kernel), counted(record.host.processors, "processor"),
                              format_bytes(static_cast<double>(record.host.memory_bytes)),
                              printable(record.host.cgroups)));
  std::string measured = fmt::format(
      "{}, the last {} apart, for {} of CPU time", counted(record.sampling.ticks, "sample"),
      format_duration(record.sampling.interval_seconds), format_duration(record.sampling.own_cpu_seconds));
  if (!record.memory.peak_method.empty()) measured += "; peak by " + printable(record.memory.peak_method);
  if (!record.processes.counted_by.empty())
    measured += "; processes counted by " + printable(record.processes.counted_by);
  line("measured", measured);
  line("repeat", repeat_command(record));
  return text;
}

TextChart chart_over(const Record& record, std::string title, std::vector<history::Sample> samples) {
  TextChart chart;
  chart.title = std::move(title);
  chart.samples = std::move(samples);
  chart.begin_ms = record.started_ms;
  chart.end_ms = std::max(end_ms(record), chart.samples.empty() ? 0 : chart.samples.back().time_ms);
  for (const Phase& phase : record.phases) chart.marks.push_back({phase.begin_ms, phase.name});
  return chart;
}

Result<std::string> charts_text(const Record& record, const SeriesView& series, const ShowLook& look) {
  const ChartLook chart_look{
      .width = std::min(look.width, kWidthMax), .height = 6, .utf8 = look.utf8, .style = look.style};
  auto used = summed(series, "ullage_run_used_bytes");
  if (!used) return pass_on(used);
  TextChart memory = chart_over(record, look.style.bold("Used memory"), std::move(*used));
  memory.format = format_bytes;
  if (record.memory.limit_bytes) {
    memory.limit = static_cast<double>(*record.memory.limit_bytes);
    memory.limit_text =
        (memory_limit_is_set(record.memory) ? "limit " : "the machine has ") + format_bytes(*memory.limit);
  }

  auto cpu = summed(series, "ullage_run_cpu_seconds_total");
  if (!cpu) return pass_on(cpu);
  TextChart cores = chart_over(record, look.style.bold("Cores busy"), rates(*cpu));
  cores.fold = TextChart::Fold::average;
  cores.format = format_cores;
  if (record.cpu.cores_available > 0) {
    cores.limit = record.cpu.cores_available;
    cores.limit_text = format_cores(*cores.limit) + " available";
  }

  std::string text;
  for (const TextChart* chart : {&memory, &cores})
    if (const std::string drawn = chart_text(*chart, chart_look); !drawn.empty()) text += '\n' + drawn;
  return text;
}

}  // namespace

std::string growth_lines(std::span<const Growth> verdicts, const ShowLook& look) {
  constexpr std::string_view kUnder = "           ";
  std::string text, steady;
  for (const Growth& growth : verdicts) {
    const std::string subject = printable(growth_subject(growth));
    if (growth.kind == "steady") {
      steady += (steady.empty() ? "" : ", ") + subject;
      continue;
    }
    const std::string kind = padded(printable(growth.kind), 7);
    text += "  " + (is_growing(growth) ? look.style.warn(kind) : kind) + "  " + subject;
    if (growth.confidence > 0)
      text += look.style.faint(fmt::format(" ({} sure)", format_ratio(growth.confidence)));
    text += '\n' + std::string(kUnder) + look.style.faint(printable(growth.text)) + '\n';
  }
  if (!steady.empty()) text += "  " + padded("steady", 7) + "  " + steady + '\n';
  return text;
}

Result<std::string> show_text(const Record& record, const SeriesView& series,
                              const std::vector<std::string>& problems, const ShowLook& look) {
  std::string text;
  for (const std::string& problem : problems)
    text += look.style.warn("damaged: " + printable(problem)) + '\n';
  text += look.style.bold(display_name(record)) + "  " + verdict(record) + "\n\n" +
          figures_text(record, look.style);
  auto charts = charts_text(record, series, look);
  if (!charts) return pass_on(charts);
  text += *charts + processes_text(record, look) + phases_text(record, look) + growth_text(record, look) +
          events_text(record, look) + advice_text(record, look) + limits_text(record, look) +
          environment_text(record, look);
  return text;
}

}  // namespace ullage::run
