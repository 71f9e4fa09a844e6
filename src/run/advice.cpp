// SPDX-License-Identifier: Apache-2.0
#include "run/advice.h"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "run/figures.h"
#include "run/limits_advice.h"
#include "run/record.h"
#include "run/words.h"

namespace ullage::run {

namespace {

// What a person would not wait for anyway is not worth a sentence.
constexpr double kWorthSeconds = 1;
// Start-up is a large part of anything shorter; its averages say little about the work.
constexpr double kSteadyWallSeconds = 10;

// Held back for a twentieth of the time: below it, a quota is doing its job at the edges.
constexpr double kThrottledShare = 0.05;
// A run is alone in waiting when all its tasks wait (PSI full); a tenth of the time is felt.
constexpr double kIoFullShare = 0.10;
// Some task waiting is normal beside others that work; a third of the time is not.
constexpr double kIoSomeShare = 0.33;
// With only the machine's PSI, waiting counts as the run's when it moved at least this much itself.
constexpr double kIoOwnBytes = 64.0 * (1 << 20);
// The kernel pushes out a few idle pages on any machine; this much was memory the run had in use.
constexpr double kSwapBytes = 32.0 * (1 << 20);
constexpr double kSwapShareOfPeak = 0.05;
// Peak within a twentieth of the limit: the next, slightly larger input is killed.
constexpr double kTightShare = 0.95;
// A quarter used leaves room for three more such runs; less than 256 MiB to win is not worth a word.
constexpr double kLooseShare = 0.25;
constexpr double kLooseBytes = 256.0 * (1 << 20);
// All tasks stalled on memory for a twentieth of the time: reclaim is what the run is doing.
constexpr double kMemoryFullShare = 0.05;
// Half of the cores that were asked for were never busy, not even at the busy times.
constexpr double kCpusLooseShare = 0.5;
// Waiting for a processor for a tenth of the time that work took, while a whole core idled.
constexpr double kQueueShare = 0.10;
constexpr double kQueueSeconds = 5;
constexpr double kIdleCores = 1;
// One core, no more and hardly less: work of one thread. A minute of it is worth a flag like -j.
constexpr double kSerialLow = 0.9, kSerialHigh = 1.1, kSerialP95 = 1.25, kSerialWallSeconds = 60;
// Which process holds the memory matters once memory is short.
constexpr double kShortMemoryShare = 0.8, kMostShare = 0.6;
// fork + exec + exit cost about a millisecond of kernel time: at 50 a second that is 5 % of a core, and
// with 40 % of all CPU time spent in the kernel it is where the time goes. Compilers stay far below.
constexpr double kShortLivedTotal = 1000, kShortLivedPerSecond = 50, kShortLivedSystemShare = 0.4;

std::string share_of(double part, double whole) { return format_ratio(whole > 0 ? part / whole : 0); }
std::string seconds_of_wall(double seconds, const Figures& f) {
  return fmt::format("{} of {} ({})", format_duration(seconds), format_duration(f.wall_seconds),
                     share_of(seconds, f.wall_seconds));
}

struct Finding {
  std::string text;
  std::string evidence;
};
using Found = std::optional<Finding>;

Found limit_too_small(const Figures& f) {
  if (!f.limit_bytes || !f.peak_bytes) return {};
  const bool tight =
      f.limit_is_set && f.peak_without_dirty_bytes.value_or(*f.peak_bytes) >= kTightShare * *f.limit_bytes;
  if (!f.oom_killed && !tight) return {};
  Finding advice;
  const std::string place = f.limit_is_set ? "the limit (" + f.limit_source + ")" : "what the machine has";
  advice.evidence = fmt::format("peak {} of {} ({}), {}", format_bytes(*f.peak_bytes),
                                format_bytes(*f.limit_bytes), share_of(*f.peak_bytes, *f.limit_bytes), place);
  if (f.oom_killed && f.enough_bytes)
    advice.text =
        fmt::format("Give it {}, or make it need less: it ran out of memory.", format_bytes(*f.enough_bytes));
  else if (f.oom_killed)
    advice.text = "Give it more memory, or make it need less: it ran out of memory.";
  else
    advice.text = fmt::format("Raise the memory limit to {}: a slightly larger input would be killed.",
                              format_bytes(memory_with_margin(*f.peak_bytes, 1)));
  return advice;
}

Found growth(const Figures& f) {
  if (!grew_to_the_end(f)) return {};
  const MemoryGrowth& g = *f.growth;
  Finding advice;
  advice.text =
      "Memory grew to the end without levelling off: look for what is kept, or expect the limit to be met.";
  advice.evidence =
      fmt::format("{} a minute over the last {}, {} at the end", format_bytes(g.bytes_per_second * 60),
                  format_duration(f.wall_seconds - g.since_seconds), format_bytes(g.level_bytes));
  if (g.seconds_to_limit && f.limit_bytes && *g.seconds_to_limit > 0)
    advice.evidence += fmt::format("; at that rate {} is reached {} later", format_bytes(*f.limit_bytes),
                                   format_duration(*g.seconds_to_limit));
  return advice;
}

Found one_process(const Figures& f) {
  if (!f.limit_bytes || !f.peak_bytes || !f.largest_process_bytes || f.processes_peak < 2) return {};
  if (*f.peak_bytes < kShortMemoryShare * *f.limit_bytes) return {};
  if (*f.largest_process_bytes < kMostShare * *f.peak_bytes) return {};
  return Finding{
      .text =
          fmt::format("Memory was short and one process held most of it: start with {}.", f.largest_process),
      .evidence = fmt::format("{} held {} of the peak of {} ({}), {} alive at once", f.largest_process,
                              format_bytes(*f.largest_process_bytes), format_bytes(*f.peak_bytes),
                              share_of(*f.largest_process_bytes, *f.peak_bytes),
                              counted(f.processes_peak, "process"))};
}

Found swapping(const Figures& f) {
  if (!f.swap_peak_bytes || *f.swap_peak_bytes < kSwapBytes) return {};
  if (*f.swap_peak_bytes < kSwapShareOfPeak * f.peak_bytes.value_or(0)) return {};
  Finding advice;
  advice.text =
      "Part of its memory was in swap, which is read back at the speed of a disk: give it more memory.";
  advice.evidence = fmt::format("up to {} in swap", format_bytes(*f.swap_peak_bytes));
  if (f.peak_bytes)
    advice.evidence += fmt::format(" beside a peak of {} ({})", format_bytes(*f.peak_bytes),
                                   share_of(*f.swap_peak_bytes, *f.peak_bytes));
  if (f.memory_full_seconds && *f.memory_full_seconds >= kWorthSeconds)
    advice.evidence +=
        fmt::format("; all tasks waited for memory for {}", format_duration(*f.memory_full_seconds));
  return advice;
}

Found reclaiming(const Figures& f) {
  if (!f.memory_full_seconds || f.pressure_scope != "cgroup") return {};
  if (*f.memory_full_seconds < kWorthSeconds || *f.memory_full_seconds < kMemoryFullShare * f.wall_seconds)
    return {};
  return Finding{
      .text =
          "It stood still while the kernel freed memory for it: give it more, or let it keep less in cache.",
      .evidence = "all tasks waited for memory for " + seconds_of_wall(*f.memory_full_seconds, f)};
}

Found throttled(const Figures& f) {
  if (!f.throttled_seconds || *f.throttled_seconds < kWorthSeconds) return {};
  if (*f.throttled_seconds < kThrottledShare * f.wall_seconds) return {};
  const std::string had = format_cores(f.cores_available);
  return Finding{
      .text = fmt::format("Its CPU quota held it back: give it more than {} {}, or start fewer threads.", had,
                          had == "1" ? "core" : "cores"),
      .evidence = fmt::format("held back for {} in {}", format_duration(*f.throttled_seconds),
                              format_duration(f.wall_seconds))};
}

Found waits_on_io(const Figures& f) {
  if (f.wall_seconds < kSteadyWallSeconds || !f.io_some_seconds) return {};
  const double full = f.io_full_seconds.value_or(0), some = *f.io_some_seconds;
  if (full < kIoFullShare * f.wall_seconds && some < kIoSomeShare * f.wall_seconds) return {};
  const double moved = f.read_bytes.value_or(0) + f.written_bytes.value_or(0);
  if (f.pressure_scope != "cgroup" && moved < kIoOwnBytes) return {};
  Finding advice;
  advice.text =
      "It waited for storage: read ahead or in larger pieces, keep data in memory, or use a faster disk.";
  advice.evidence = fmt::format("some task waited for I/O for {}", seconds_of_wall(some, f));
  if (f.io_full_seconds) advice.evidence += fmt::format(", all of them for {}", format_duration(full));
  if (f.pressure_scope != "cgroup") advice.evidence += " (of the whole machine)";
  if (moved > 0)
    advice.evidence += fmt::format("; read {}, wrote {}", format_bytes(f.read_bytes.value_or(0)),
                                   format_bytes(f.written_bytes.value_or(0)));
  return advice;
}

Found idle_cores(const Figures& f) {
  if (!f.run_queue_wait_seconds || !f.cpu_seconds || !f.machine_idle_cores) return {};
  if (f.wall_seconds < kSteadyWallSeconds || *f.machine_idle_cores < kIdleCores) return {};
  const double waited = *f.run_queue_wait_seconds;
  if (waited < kQueueSeconds || waited < kQueueShare * (*f.cpu_seconds + waited)) return {};
  return Finding{
      .text =
          "Its threads queued for a processor while others idled: let it use more cores (its affinity, "
          "cpuset or --cpus keeps it to few).",
      .evidence = fmt::format("threads waited {} for a processor beside {} of work; {} cores of the machine "
                              "idled on average; it may use {}",
                              format_duration(waited), format_duration(*f.cpu_seconds),
                              format_cores(*f.machine_idle_cores), format_cores(f.cores_available))};
}

Found one_core(const Figures& f) {
  if (!f.cores_mean || f.wall_seconds < kSerialWallSeconds || f.cores_available < 2) return {};
  if (*f.cores_mean < kSerialLow || *f.cores_mean > kSerialHigh) return {};
  if (!f.cores_p95 || *f.cores_p95 > kSerialP95) return {};
  if (!f.machine_idle_cores || *f.machine_idle_cores < kIdleCores) return {};
  return Finding{
      .text =
          "One core did all the work while others idled: split it over several workers if it can be split.",
      .evidence = fmt::format("{} of {} cores busy on average, {} at the busy times, for {}",
                              format_cores(*f.cores_mean), format_cores(f.cores_available),
                              format_cores(*f.cores_p95), format_duration(f.wall_seconds))};
}

Found short_lived(const Figures& f) {
  if (!f.cpu_seconds || !f.system_seconds || f.wall_seconds <= 0) return {};
  const double total = static_cast<double>(f.processes_total), rate = total / f.wall_seconds;
  if (total < kShortLivedTotal || rate < kShortLivedPerSecond) return {};
  if (*f.system_seconds < kWorthSeconds || *f.system_seconds < kShortLivedSystemShare * *f.cpu_seconds)
    return {};
  return Finding{
      .text = "Much of its time went into starting processes: do more in each, or use the shell's own means.",
      .evidence = fmt::format("{} in {} ({:.0f} a second); {} of {} of CPU time was the kernel's",
                              counted(f.processes_total, "process"), format_duration(f.wall_seconds), rate,
                              format_duration(*f.system_seconds), format_duration(*f.cpu_seconds))};
}

Found memory_limit_too_large(const Figures& f) {
  if (!f.limit_is_set || !f.limit_bytes || !f.peak_bytes || f.oom_killed) return {};
  if (f.wall_seconds < kSteadyWallSeconds || *f.peak_bytes > kLooseShare * *f.limit_bytes) return {};
  const double fits = memory_with_margin(*f.peak_bytes, 1);
  if (*f.limit_bytes - fits < kLooseBytes) return {};
  return Finding{
      .text =
          fmt::format("A memory limit of {} would do; the rest could serve another run.", format_bytes(fits)),
      .evidence = fmt::format("peak {} of {} ({})", format_bytes(*f.peak_bytes), format_bytes(*f.limit_bytes),
                              share_of(*f.peak_bytes, *f.limit_bytes))};
}

Found cpus_too_large(const Figures& f) {
  if (!f.cores_limit_asked || !f.cores_p95 || f.wall_seconds < kSteadyWallSeconds) return {};
  if (*f.cores_p95 > kCpusLooseShare * *f.cores_limit_asked) return {};
  const double fits = cores_with_margin(*f.cores_p95);
  if (*f.cores_limit_asked - fits < 1) return {};  // no whole core to win
  return Finding{
      .text = fmt::format("{} {} would do; it never kept the {} it asked for busy.", format_cores(fits),
                          fits == 1 ? "core" : "cores", format_cores(*f.cores_limit_asked)),
      .evidence = fmt::format("{} cores busy at the busy times, {} on average", format_cores(*f.cores_p95),
                              format_cores(f.cores_mean.value_or(0)))};
}

struct Rule {
  std::string_view id;
  std::string_view anchor;  // a section of the report
  Found (*judge)(const Figures&);
};
constexpr std::array kRules = {
    Rule{"memory_limit_too_small", "#memory", limit_too_small},
    Rule{"memory_growth", "#memory", growth},
    Rule{"one_process_holds_most", "#processes", one_process},
    Rule{"swapping", "#memory", swapping},
    Rule{"memory_pressure", "#pressure", reclaiming},
    Rule{"throttled", "#cpu", throttled},
    Rule{"waits_on_io", "#io", waits_on_io},
    Rule{"idle_cores", "#cpu", idle_cores},
    Rule{"one_core", "#cpu", one_core},
    Rule{"many_short_processes", "#processes", short_lived},
    Rule{"memory_limit_too_large", "#memory", memory_limit_too_large},
    Rule{"cpus_too_large", "#cpu", cpus_too_large},
};

}  // namespace

std::vector<Advice> advise(const Figures& figures) {
  std::vector<Advice> found;
  for (const Rule& rule : kRules)
    if (auto finding = rule.judge(figures))
      found.push_back({.id = std::string(rule.id),
                       .text = std::move(finding->text),
                       .evidence = std::move(finding->evidence),
                       .anchor = std::string(rule.anchor)});
  return found;
}

bool grew_to_the_end(const Figures& figures) { return figures.growth.has_value(); }

std::vector<std::string_view> advice_ids() {
  std::vector<std::string_view> ids;
  for (const Rule& rule : kRules) ids.push_back(rule.id);
  return ids;
}

}  // namespace ullage::run
