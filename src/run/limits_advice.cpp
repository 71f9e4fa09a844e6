// SPDX-License-Identifier: Apache-2.0
#include "run/limits_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "base/units.h"
#include "run/record.h"
#include "run/words.h"

namespace ullage::run {

namespace {

constexpr double kMi = 1024.0 * 1024, kGi = 1024 * kMi;

// One run shows one outcome, so leave 30 %; with n runs the unseen maximum comes nearer as 1/sqrt(n), down to
// the 10 % that allocators and kernels differ by. Runs that differ are given twice their relative deviation.
constexpr double kMarginOfOneRun = 0.30, kMarginAtLeast = 0.10, kMarginAtMost = 1.0, kSpreadWeight = 2;
// A program of 3 MiB needs room for its loader, not a third of 3 MiB.
constexpr double kMemoryFloorBytes = 16 * kMi;
// Time varies with the machine's load and the disk's cache far more than memory does.
constexpr double kTimeFactor = 1.5;
constexpr double kSecondsAtLeast = 60;
constexpr double kTaskFactor = 1.5;
constexpr double kTasksAtLeast = 16;
// Held back so much of the time, a run shows what its quota is and not what it needs.
constexpr double kThrottledShare = 0.05;
// An average over a short run is mostly start-up.
constexpr double kShortRunSeconds = 5;

double rounded_up(double value, double step) { return std::ceil(value / step - 1e-9) * step; }

bool has_ended_well(const Observation& run) {
  return run.record.state == State::finished && run.record.exit_code == 0 && !run.record.timed_out;
}

double spread_of(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (mean <= 0) return 0;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (count - 1)) / mean;
}

template <class Get>
std::vector<double> collected(std::span<const Observation* const> runs, Get get) {
  std::vector<double> values;
  for (const Observation* run : runs)
    if (const std::optional<double> value = get(*run)) values.push_back(*value);
  return values;
}

std::string of_runs(std::string_view what, const std::vector<double>& values, auto format) {
  const auto [least, most] = std::ranges::minmax(values);
  if (values.size() == 1) return fmt::format("{} {}", what, format(most));
  return fmt::format("{} {} to {} in {}", what, format(least), format(most), counted(values.size(), "run"));
}

// What a run showed it needs: after an out-of-memory kill more than it had.
std::optional<double> memory_needed(const Observation& run) {
  if (run.figures.oom_killed && run.figures.enough_bytes) return run.figures.enough_bytes;
  return run.figures.peak_bytes;
}

// A run that was killed, and of which nothing more is known, shows how much is too little: where others did
// with more, that is no smaller need of a run that differs.
std::vector<double> memory_needs(std::span<const Observation* const> runs) {
  const auto is_cut = [](const Figures& f) { return f.oom_killed && !f.enough_bytes; };
  const auto whole = collected(
      runs, [&](const Observation& run) { return is_cut(run.figures) ? std::nullopt : memory_needed(run); });
  const double known = whole.empty() ? 0 : std::ranges::max(whole);
  return collected(runs, [&](const Observation& run) {
    const auto need = memory_needed(run);
    return is_cut(run.figures) && need < known ? std::nullopt : need;
  });
}

void add_memory(LimitsAdvice& advice, std::span<const Observation* const> runs) {
  const auto needs = memory_needs(runs);
  if (needs.empty()) return;
  const double spread = spread_of(needs);
  advice.margin = memory_margin(needs.size(), spread);
  const double value = memory_with_margin(std::ranges::max(needs), needs.size(), spread);
  advice.memory_bytes = {value, of_runs("peak", needs, format_bytes) +
                                    fmt::format(", and a margin of {}", format_ratio(advice.margin))};
}

// Cores that the run would have kept busy: those it did, and where its threads queued for a processor, those
// they queued for, as far as it had them.
std::optional<double> cores_wanted(const Observation& run) {
  const Figures& f = run.figures;
  const auto busy = f.cores_p95 ? f.cores_p95 : f.cores_mean;
  if (!busy || !f.cpu_seconds || !f.run_queue_wait_seconds || f.wall_seconds <= 0) return busy;
  const double asked = (*f.cpu_seconds + *f.run_queue_wait_seconds) / f.wall_seconds;
  return std::max(*busy, std::min(asked, f.cores_available));
}

void add_cores(LimitsAdvice& advice, std::span<const Observation* const> runs) {
  const auto wanted = collected(runs, cores_wanted);
  if (wanted.empty()) return;
  advice.cores = {cores_with_margin(std::ranges::max(wanted)),
                  of_runs("cores busy or waited for:", wanted, format_cores)};
  const bool throttled = std::ranges::any_of(runs, [](const Observation* run) {
    return run->figures.throttled_seconds.value_or(0) > kThrottledShare * run->figures.wall_seconds;
  });
  if (throttled)
    advice.cautions.emplace_back("a CPU quota held a run back: it may be able to use more cores");
}

void add_time_and_tasks(LimitsAdvice& advice, std::span<const Observation* const> runs) {
  const auto walls =
      collected(runs, [](const Observation& run) { return std::optional(run.figures.wall_seconds); });
  if (!walls.empty()) {
    const double wanted = std::max(std::ranges::max(walls) * kTimeFactor, kSecondsAtLeast);
    const double step = wanted <= 600 ? 60 : wanted <= 7200 ? 300 : 1800;
    advice.seconds = {rounded_up(wanted, step),
                      of_runs("took", walls, format_duration) + ", and half as much again"};
  }
  const auto tasks = collected(runs, [](const Observation& run) { return run.figures.threads_peak; });
  if (tasks.empty()) return;
  const double most = std::ranges::max(tasks);
  advice.tasks = {std::max(rounded_up(most * kTaskFactor, 8), kTasksAtLeast),
                  fmt::format("at most {} at once", counted(static_cast<std::uint64_t>(most), "thread"))};
}

void add_cautions(LimitsAdvice& advice, std::span<const Observation* const> runs) {
  if (runs.size() == 1)
    advice.cautions.emplace_back("it rests on one run: the margin shrinks as more runs are seen");
  for (const Observation* run : runs) {
    if (run->figures.oom_killed)
      advice.cautions.push_back(fmt::format("run {} ran out of memory: its need is {}", run->record.id,
                                            run->figures.enough_bytes ? "estimated, not seen" : "not known"));
    else if (run->record.state == State::interrupted)
      advice.cautions.push_back(
          fmt::format("run {} was not seen to its end: it may have needed more", run->record.id));
    else if (run->figures.wall_seconds < kShortRunSeconds && runs.size() == 1)
      advice.cautions.push_back(
          fmt::format("run {} took only {}", run->record.id, format_duration(run->figures.wall_seconds)));
    if (run->figures.swap_peak_bytes.value_or(0) > 0)
      advice.cautions.push_back(fmt::format("run {} had {} in swap, which its peak does not hold",
                                            run->record.id, format_bytes(*run->figures.swap_peak_bytes)));
  }
}

// Runs that ended well, and those that ran out of memory (they say that it was too little). One that failed
// early would pull the time down; but when nothing else is there, it is better than nothing.
std::vector<const Observation*> telling(std::span<const Observation> runs) {
  std::vector<const Observation*> chosen, ended;
  for (const Observation& run : runs) {
    if (run.record.state == State::running) continue;
    ended.push_back(&run);
    if (has_ended_well(run) || run.figures.oom_killed) chosen.push_back(&run);
  }
  return chosen.empty() ? ended : chosen;
}

std::string hours_minutes_seconds(double seconds) {
  const long whole = std::lround(seconds);
  return fmt::format("{:02}:{:02}:{:02}", whole / 3600, whole % 3600 / 60, whole % 60);
}

long mebibytes(const Suggestion& memory) { return std::lround(memory.value / kMi); }

std::string slurm(const LimitsAdvice& a) {
  std::string text;
  if (a.memory_bytes) text += fmt::format("#SBATCH --mem={}M\n", mebibytes(*a.memory_bytes));
  if (a.cores) text += fmt::format("#SBATCH --cpus-per-task={:.0f}\n", std::ceil(a.cores->value));
  if (a.seconds) text += fmt::format("#SBATCH --time={}\n", hours_minutes_seconds(a.seconds->value));
  return text;
}

std::string kubernetes(const LimitsAdvice& a) {
  std::string requests, limits;
  if (a.memory_bytes) {
    requests += fmt::format("    memory: {}Mi\n", mebibytes(*a.memory_bytes));
    limits += fmt::format("    memory: {}Mi\n", mebibytes(*a.memory_bytes));
  }
  // No CPU limit: CPU can be taken back, a request already guards it, and a limit throttles on an idle node.
  if (a.cores) requests += fmt::format("    cpu: {:.0f}m\n", a.cores->value * 1000);
  std::string text = "resources:\n";
  if (!requests.empty()) text += "  requests:\n" + requests;
  if (!limits.empty()) text += "  limits:\n" + limits;
  if (a.seconds)
    text += fmt::format("# in the Job's spec\nactiveDeadlineSeconds: {:.0f}\n", a.seconds->value);
  return text;
}

std::string docker(const LimitsAdvice& a) {
  std::string text = "docker run";
  if (a.memory_bytes) text += fmt::format(" --memory {0}m --memory-swap {0}m", mebibytes(*a.memory_bytes));
  if (a.cores) text += fmt::format(" --cpus {:g}", a.cores->value);
  if (a.tasks) text += fmt::format(" --pids-limit {:.0f}", a.tasks->value);
  return text + " …\n";
}

std::string systemd(const LimitsAdvice& a) {
  std::string text = "[Service]\n";
  if (a.memory_bytes) text += fmt::format("MemoryMax={}M\n", mebibytes(*a.memory_bytes));
  if (a.cores) text += fmt::format("CPUQuota={:.0f}%\n", a.cores->value * 100);
  if (a.tasks) text += fmt::format("TasksMax={:.0f}\n", a.tasks->value);
  if (a.seconds) text += fmt::format("RuntimeMaxSec={:.0f}\n", a.seconds->value);
  return text;
}

std::string own(const LimitsAdvice& a) {
  std::string text = "ullage run";
  if (a.memory_bytes) text += fmt::format(" --memory {}M", mebibytes(*a.memory_bytes));
  if (a.cores) text += fmt::format(" --cpus {:g}", a.cores->value);
  if (a.tasks) text += fmt::format(" --pids {:.0f}", a.tasks->value);
  if (a.seconds) text += fmt::format(" --timeout {:.0f}s", a.seconds->value);
  return text + " -- …\n";
}

struct ToolName {
  std::string_view name;
  OtherTool tool;
  std::string (*words)(const LimitsAdvice&);
};
constexpr std::array kTools = {
    ToolName{"ullage", OtherTool::ullage, own},
    ToolName{"slurm", OtherTool::slurm, slurm},
    ToolName{"kubernetes", OtherTool::kubernetes, kubernetes},
    ToolName{"docker", OtherTool::docker, docker},
    ToolName{"systemd", OtherTool::systemd, systemd},
};

nlohmann::json json_of(const std::optional<Suggestion>& suggestion) {
  if (!suggestion) return nullptr;
  return {{"value", suggestion->value}, {"evidence", suggestion->evidence}};
}

}  // namespace

double memory_margin(std::size_t runs, double spread) {
  const double few = kMarginOfOneRun / std::sqrt(static_cast<double>(std::max<std::size_t>(runs, 1)));
  return std::min(std::max(few, kMarginAtLeast) + kSpreadWeight * spread, kMarginAtMost);
}

double memory_with_margin(double peak_bytes, std::size_t runs, double spread) {
  const double wanted =
      std::max(peak_bytes * (1 + memory_margin(runs, spread)), peak_bytes + kMemoryFloorBytes);
  const double step = wanted <= 256 * kMi  ? 16 * kMi
                      : wanted <= 2 * kGi  ? 64 * kMi
                      : wanted <= 16 * kGi ? 256 * kMi
                                           : kGi;
  return rounded_up(wanted, step);
}

double cores_with_margin(double cores_busy) {
  // Up to the next half core, but 1.02 busy cores are one thread and the sampling's error.
  return std::max(rounded_up(cores_busy - 0.05, 0.5), 0.5);
}

Result<LimitsAdvice> advise_limits(std::string subject, std::span<const Observation> runs) {
  const auto chosen = telling(runs);
  if (chosen.empty())
    return fail("no run that has ended to learn from", printable(subject), "let one end: ullage run -- CMD");
  LimitsAdvice advice;
  advice.subject = std::move(subject);
  for (const Observation* run : chosen) advice.runs.push_back(run->record.id);
  add_memory(advice, chosen);
  add_cores(advice, chosen);
  add_time_and_tasks(advice, chosen);
  add_cautions(advice, chosen);
  return advice;
}

Result<OtherTool> parse_other_tool(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ToolName& tool : kTools) {
    if (tool.name == name) return tool.tool;
    names.push_back(tool.name);
  }
  std::string hint = did_you_mean(name, names);
  if (hint.empty()) hint = fmt::format("one of {}", fmt::join(names, ", "));
  return fail("'" + printable(name) + "' is not a tool that limits can be told to", "--as", std::move(hint));
}

std::string in_words_of(OtherTool tool, const LimitsAdvice& advice) {
  for (const ToolName& known : kTools)
    if (known.tool == tool) return known.words(advice);
  return {};
}

std::string limits_text(const LimitsAdvice& advice) {
  std::string text =
      fmt::format("{}: what fits, by {}\n", printable(advice.subject), counted(advice.runs.size(), "run"));
  const auto line = [&](std::string_view what, const std::string& value, const std::string& evidence) {
    text += fmt::format("  {:<8}{:<12}{}\n", what, value, evidence);
  };
  if (advice.memory_bytes)
    line("memory", format_bytes(advice.memory_bytes->value), advice.memory_bytes->evidence);
  if (advice.cores) line("cores", format_cores(advice.cores->value), advice.cores->evidence);
  if (advice.seconds) line("time", format_duration(advice.seconds->value), advice.seconds->evidence);
  if (advice.tasks) line("tasks", format_count(advice.tasks->value), advice.tasks->evidence);
  if (!advice.memory_bytes) line("memory", "unknown", "no run's peak is known");
  for (const std::string& caution : advice.cautions) text += "  note    " + caution + '\n';
  return text;
}

nlohmann::json limits_json(const LimitsAdvice& advice) {
  nlohmann::json words = nlohmann::json::object();
  for (const ToolName& tool : kTools) words[std::string(tool.name)] = tool.words(advice);
  return {{"version", 1},
          {"subject", valid_utf8(advice.subject)},
          {"runs", advice.runs},
          {"memory_bytes", json_of(advice.memory_bytes)},
          {"cores", json_of(advice.cores)},
          {"seconds", json_of(advice.seconds)},
          {"tasks", json_of(advice.tasks)},
          {"memory_margin_ratio", advice.margin},
          {"cautions", advice.cautions},
          {"as", words}};
}

}  // namespace ullage::run
