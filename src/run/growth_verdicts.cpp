// SPDX-License-Identifier: Apache-2.0
#include "run/growth_verdicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analysis/forecast.h"
#include "analysis/growth.h"
#include "base/text.h"
#include "base/units.h"
#include "heap/profile.h"
#include "history/series_file.h"
#include "metric/series.h"
#include "run/heap_profiles.h"
#include "run/record.h"
#include "run/run_file.h"
#include "run/series_view.h"
#include "run/words.h"

namespace ullage::run {

namespace {

using analysis::GrowthKind;
using analysis::GrowthScale;
using analysis::GrowthVerdict;

// An allocator's pools and caches creep by less.
constexpr GrowthScale kBytes{.least_rise = 8.0 * (1 << 20), .least_share = 0.05};
// A pool of workers comes and goes by less, as do the files that a library opens when it is first used.
constexpr GrowthScale kCount{.least_rise = 8, .least_share = 0.1};
constexpr std::size_t kProcessesMax = 8;
constexpr std::uint64_t kProcessBytesMin = 32u << 20;

using Points = std::vector<analysis::Point>;

struct Subject {
  std::string_view resource;
  std::string process = {};
  bool is_bytes = true;
};

double seconds_of(const Record& record, std::int64_t time_ms) {
  return static_cast<double>(time_ms - record.started_ms) / 1000;
}

Points points_of(const Record& record, const std::vector<history::Sample>& samples) {
  Points points;
  points.reserve(samples.size());
  for (const history::Sample& sample : samples)
    points.push_back({seconds_of(record, sample.time_ms), sample.value});
  return points;
}

std::vector<analysis::PhaseSpan> phases_of(const Record& record) {
  std::vector<analysis::PhaseSpan> phases;
  for (const Phase& phase : record.phases)
    phases.push_back({phase.name, seconds_of(record, phase.begin_ms),
                      seconds_of(record, phase.end_ms.value_or(end_ms(record)))});
  return phases;
}

// ---- words

std::string amount(double value, bool is_bytes) {
  return is_bytes ? format_bytes(value) : fmt::format("{:.0f}", value);
}
// With its interval. A count grows by less than one a second.
std::string rate_words(const GrowthVerdict& verdict, bool is_bytes) {
  if (is_bytes)
    return fmt::format("{}/s ({} to {})", format_bytes(verdict.rate_per_second),
                       format_bytes(verdict.rate_low), format_bytes(verdict.rate_high));
  return fmt::format("{:.1f} a minute ({:.1f} to {:.1f})", verdict.rate_per_second * 60,
                     verdict.rate_low * 60, verdict.rate_high * 60);
}

std::string doubt_words(const GrowthVerdict& verdict, bool is_bytes) {
  using analysis::GrowthDoubt;
  switch (verdict.doubt) {
    case GrowthDoubt::none:
      return {};
    case GrowthDoubt::too_short:
      return "too short a time, or too few samples, to tell";
    case GrowthDoubt::slowing:
      return "still rising at the end, but ever more slowly";
    case GrowthDoubt::uneven:
      return "rose by jumps that are too few to tell what they follow";
    case GrowthDoubt::released:
      return fmt::format("by {}, {} in all, through phase {}, which gave it back at its end",
                         rate_words(verdict, is_bytes), amount(verdict.risen, is_bytes),
                         valid_utf8(verdict.phase));
  }
  return {};
}

std::string words_of(const GrowthVerdict& verdict, bool is_bytes) {
  const std::string since = format_duration(std::max(verdict.since_seconds, 0.0));
  switch (verdict.kind) {
    case GrowthKind::growing:
      return fmt::format("by {} since {}, {} in all; the floor rose at {} of {} quiet points",
                         rate_words(verdict, is_bytes), since, amount(verdict.risen, is_bytes), verdict.rises,
                         verdict.quiet_points);
    case GrowthKind::settled:
      return fmt::format("rose by {} until {}, and no more since: {} at the end",
                         amount(verdict.risen, is_bytes), since, amount(verdict.level, is_bytes));
    case GrowthKind::steady:
      return fmt::format("{} at the end; nowhere a lasting rise", amount(verdict.level, is_bytes));
    case GrowthKind::unclear:
      return doubt_words(verdict, is_bytes);
  }
  return {};
}

Growth told(const Subject& subject, const GrowthVerdict& verdict) {
  Growth growth{.resource = std::string(subject.resource),
                .process = subject.process,
                .kind = std::string(analysis::name_of(verdict.kind)),
                .unit = subject.is_bytes ? "bytes" : "count",
                .level = verdict.level,
                .confidence = verdict.confidence,
                .text = words_of(verdict, subject.is_bytes)};
  if (verdict.kind == GrowthKind::growing || verdict.kind == GrowthKind::settled) {
    growth.risen = verdict.risen;
    growth.since_seconds = std::max(verdict.since_seconds, 0.0);
  }
  if (verdict.kind == GrowthKind::growing) {
    growth.rate_per_second = verdict.rate_per_second;
    growth.rate_low_per_second = verdict.rate_low;
    growth.rate_high_per_second = verdict.rate_high;
  }
  return growth;
}

// ---- what is judged

// Of what all may share, as a segment mostly is, each has its own sample: the largest is nearest to it.
std::vector<history::Sample> largest(const SeriesView& series, std::string_view name) {
  std::map<std::int64_t, double> most;
  for (std::size_t id = 0; id < series.keys.size(); ++id) {
    if (series.keys[id].name != name) continue;
    const auto samples = series.samples(static_cast<metric::SeriesId>(id));
    if (!samples) continue;
    for (const history::Sample& sample : *samples) {
      double& value = most[sample.time_ms];
      value = std::max(value, sample.value);
    }
  }
  std::vector<history::Sample> out;
  for (const auto& [time_ms, value] : most) out.push_back({time_ms, value});
  return out;
}

bool is_there(const std::vector<history::Sample>& samples) {
  return std::ranges::any_of(samples, [](const history::Sample& sample) { return sample.value > 0; });
}

// Of one process from its begin to its end; after an exec under another name it is the longer of the two.
std::vector<history::Sample> anonymous_of(const SeriesView& series, std::int64_t pid, std::int64_t begin_ms,
                                          std::int64_t end_ms) {
  std::vector<history::Sample> longest;
  for (std::size_t id = 0; id < series.keys.size(); ++id) {
    const metric::SeriesKey& key = series.keys[id];
    if (key.name != "ullage_process_anonymous_bytes" || key.label("pid") != std::to_string(pid)) continue;
    auto samples = series.samples(static_cast<metric::SeriesId>(id));
    if (!samples) continue;
    std::erase_if(*samples, [begin_ms, end_ms](const history::Sample& sample) {
      return sample.time_ms < begin_ms || sample.time_ms > end_ms;
    });
    if (samples->size() > longest.size()) longest = std::move(*samples);
  }
  return longest;
}

class Judging {
 public:
  Judging(const Record& record, const SeriesView& series)
      : record_(record), series_(series), phases_(phases_of(record)) {}

  void judge(const Subject& subject, const Points& points) {
    if (points.empty()) return;
    const GrowthVerdict verdict = analysis::judge_growth(points, phases_, subject.is_bytes ? kBytes : kCount);
    // Of a short run one line says so.
    if (verdict.doubt == analysis::GrowthDoubt::too_short && !verdicts_.empty()) return;
    verdicts_.push_back(told(subject, verdict));
  }
  void judge_total(std::string_view resource, std::string_view metric, bool is_bytes) {
    const auto samples = summed(series_, metric);
    if (samples && is_there(*samples))
      judge({.resource = resource, .is_bytes = is_bytes}, points_of(record_, *samples));
  }
  void judge_shared() {
    auto samples = summed(series_, "ullage_run_shared_bytes");
    if (!samples || samples->empty()) samples = largest(series_, "ullage_process_shared_bytes");
    if (is_there(*samples)) judge({.resource = "shared"}, points_of(record_, *samples));
  }
  // Who of several it is.
  void judge_processes() {
    if (record_.processes.peak < 2) return;
    std::size_t judged = 0;
    for (const Process& process : record_.process_table) {  // the largest peak first
      if (process.pid == 0 || process.peak_bytes.value_or(0) < kProcessBytesMin) continue;
      if (++judged > kProcessesMax) return;
      judge({.resource = "anonymous", .process = name_of(process)},
            points_of(record_, anonymous_of(series_, process)));
    }
  }
  // What an allocator keeps of what was freed, and what it never told the profiler of. A gap that stays is
  // the price of an allocator; one that grows is memory that holes lie in.
  void judge_fragmentation(std::span<const heap::Profile> profiles) {
    for (const heap::Profile& profile : profiles) {
      const std::vector<double> living = heap::living_by_slot(profile);
      const auto resident = run::anonymous_of(series_, profile.pid, profile.started_ms,
                                              profile.slot_ends_ms.empty() ? 0 : profile.slot_ends_ms.back());
      Points gap;
      for (std::size_t slot = 0, at = 0; slot < living.size(); ++slot) {
        while (at < resident.size() && resident[at].time_ms <= profile.slot_ends_ms[slot]) ++at;
        if (at == 0) continue;
        gap.push_back(
            {seconds_of(record_, profile.slot_ends_ms[slot]), resident[at - 1].value - living[slot]});
      }
      judge({.resource = "fragmentation", .process = name_of(profile.pid)}, gap);
    }
  }
  std::vector<Growth> take() {
    std::vector<Growth> ordered, others;
    for (Growth& growth : verdicts_)
      (ordered.empty() || is_growing(growth) ? ordered : others).push_back(std::move(growth));
    std::ranges::move(others, std::back_inserter(ordered));
    return ordered;
  }

 private:
  static std::string name_of(const Process& process) {
    return fmt::format("{} ({})", valid_utf8(process.name), process.pid);
  }
  std::string name_of(std::int64_t pid) const {
    const auto found = std::ranges::find(record_.process_table, pid, &Process::pid);
    return found == record_.process_table.end() ? fmt::format("({})", pid) : name_of(*found);
  }
  std::vector<history::Sample> anonymous_of(const SeriesView& series, const Process& process) const {
    return run::anonymous_of(series, process.pid, process.begin_ms, process.end_ms.value_or(end_ms(record_)));
  }

  const Record& record_;
  const SeriesView& series_;
  std::vector<analysis::PhaseSpan> phases_;
  std::vector<Growth> verdicts_;
};

}  // namespace

std::vector<Growth> growth_verdicts(const Record& record, const SeriesView& series,
                                    std::span<const heap::Profile> profiles) {
  Judging judging(record, series);
  judging.judge_total("memory", "ullage_run_used_bytes", true);
  judging.judge_processes();
  judging.judge_fragmentation(profiles);
  judging.judge_shared();
  judging.judge_total("swap", "ullage_run_swap_bytes", true);
  judging.judge_total("threads", "ullage_run_threads", false);
  judging.judge_total("processes", "ullage_run_processes", false);
  judging.judge_total("open_files", "ullage_run_open_files", false);
  return judging.take();
}

std::vector<Growth> growth_verdicts(const LoadedRun& run) {
  std::vector<heap::Profile> profiles;
  if (has_heap(run.path))
    if (auto loaded = load_heap(run.path)) profiles = *std::move(loaded);
  return growth_verdicts(run.record, view_of(run.series), profiles);
}

std::optional<Growth> memory_growth(const Record& record, const SeriesView& series) {
  Judging judging(record, series);
  judging.judge_total("memory", "ullage_run_used_bytes", true);
  auto verdicts = judging.take();
  if (verdicts.empty()) return std::nullopt;
  return std::move(verdicts.front());
}

bool is_growing(const Growth& growth) { return growth.kind == analysis::name_of(GrowthKind::growing); }

std::string growth_subject(const Growth& growth) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {
      {"anonymous", "anonymous memory"},
      {"fragmentation", "resident beyond the live heap"},
      {"shared", "shared memory and tmpfs"},
      {"open_files", "open files"}};
  std::string text = growth.resource;
  for (const auto& [resource, words] : kWords)
    if (growth.resource == resource) text = words;
  return growth.process.empty() ? text : text + " of " + growth.process;
}

}  // namespace ullage::run
