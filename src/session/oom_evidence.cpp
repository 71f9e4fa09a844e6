// SPDX-License-Identifier: Apache-2.0
#include "session/oom_evidence.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "act/cage.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/text.h"
#include "base/units.h"
#include "run/record.h"
#include "run/words.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/oom_traces.h"
#include "sense/sample.h"
#include "session/oom_verdict.h"

namespace ullage::session {

namespace {

std::string named(const std::string& name, std::int64_t pid) {
  return fmt::format("{} ({})", printable(name), pid);
}

// A kill long before the end is not what ended the run: a test suite may let a program run out of memory on
// purpose, and fail half an hour later for a reason of its own.
constexpr std::int64_t kEndMs = 60'000;

bool is_of_the_end(const run::Process& process, const run::Record& record) {
  return !process.end_ms || *process.end_ms + kEndMs >= run::end_ms(record);
}

const sense::OomVictim* victim_of_run(const std::vector<sense::OomVictim>& victims,
                                      const run::Record& record) {
  for (const sense::OomVictim& victim : victims)
    for (const run::Process& process : record.process_table)
      if (process.pid == victim.pid && victim.name.starts_with(process.name) &&
          is_of_the_end(process, record))
        return &victim;
  return nullptr;
}

// What a killed process would have come to: all the private memory it has asked for (VmData), if that is a
// believable figure; runtimes like Java's reserve far more than they ever touch.
constexpr std::uint64_t kBelievableMultiple = 4;
constexpr double kMargin = 1.1;
constexpr std::int64_t kHolderMs = 10'000;

}  // namespace

OomWitness::OomWitness(const OsRoot& root, const sense::CgroupPlace& around)
    : root_(root),
      around_(around),
      ancestor_kills_before_(ancestor_kills()),
      machine_kills_before_(machine_kills()) {}

std::uint64_t OomWitness::ancestor_kills() const { return sense::read_oom_kills(root_, around_).value_or(0); }

// Only that line of the file's two hundred: every run pays for this.
std::uint64_t OomWitness::machine_kills() const {
  const auto text = read_file(root_.path("/proc/vmstat"));
  if (!text) return 0;
  const std::size_t line = text->find("\noom_kill ");
  if (line == std::string::npos) return 0;
  std::string_view rest = std::string_view(*text).substr(line + 1);
  take_word(rest);
  return to_unsigned(take_word(rest)).value_or(0);
}

void OomWitness::note_holder(const sense::ProcessSample* largest, std::int64_t now_ms) {
  if (largest == nullptr || largest->resident_bytes.value_or(0) == 0) return;
  if (largest->resident_bytes < holder_.resident_bytes && now_ms - holder_ms_ < kHolderMs) return;
  holder_ = *largest;
  holder_ms_ = now_ms;
}

std::optional<run::Oom> OomWitness::judge(const run::Record& record, const act::Cage& cage, OurDeeds deeds,
                                          std::optional<std::int64_t> foreseeable_ms) const {
  if (!deeds.own_limit_acted && record.exit_code == 0) return std::nullopt;  // judge_oom() would say no more
  OomEvidence evidence{.exit_code = record.exit_code,
                       .signal = record.signal,
                       .we_ended_it = deeds.we_ended_it,
                       .own_limit_acted = deeds.own_limit_acted};
  const run::Process* victim = nullptr;
  bool one_was_killed_before = false;
  for (const run::Process& process : record.process_table) {
    if (process.signal != SIGKILL) continue;
    if (!is_of_the_end(process, record)) {
      one_was_killed_before = true;
      continue;
    }
    evidence.a_process_was_killed = true;
    if (victim == nullptr) victim = &process;  // the table has the largest first
  }
  if (one_was_killed_before && victim == nullptr && !deeds.own_limit_acted) return std::nullopt;
  if (victim != nullptr) evidence.killed = named(victim->name, victim->pid);
  evidence.cage_kills = cage.oom_kills().value_or(0);
  evidence.ancestor_kills = ancestor_kills() - ancestor_kills_before_;
  evidence.machine_kills = machine_kills() - machine_kills_before_;
  if (record.exit_code != 0) {
    const auto traces = sense::read_oom_traces(root_, cage.unified_folder(), record.started_ms);
    evidence.kernel_log_is_readable = traces.kernel_log_is_readable;
    if (traces.systemd_oomd_killed_cgroup) evidence.daemon = "systemd-oomd";
    if (victim_of_run(traces.earlyoom_victims, record)) evidence.daemon = "earlyoom";
    if (const auto* logged = victim_of_run(traces.kernel_victims, record))
      evidence.kernel_log_victim = named(logged->name, logged->pid);
  }
  auto oom = judge_oom(evidence);
  if (!oom) return oom;
  oom->holder = named(holder_.name, holder_.pid);
  oom->holder_bytes = holder_.resident_bytes;
  if (victim != nullptr && victim->peak_bytes > oom->holder_bytes) {  // it grew after the last look
    oom->holder = named(victim->name, victim->pid);
    oom->holder_bytes = victim->peak_bytes;
  }
  // Mapped files are in both; the run's peak, of what cannot be reclaimed, bounds what anybody held of that.
  if (record.memory.peak_bytes) oom->holder_bytes = std::min(oom->holder_bytes, record.memory.peak_bytes);
  oom->foreseeable_ms = foreseeable_ms;
  oom->enough_bytes = enough_bytes(record);
  return oom;
}

// What the holder had asked for, beside what the others held then.
std::optional<std::uint64_t> OomWitness::enough_bytes(const run::Record& record) const {
  const std::uint64_t limit = record.memory.limit_bytes.value_or(0), asked = holder_.data_bytes.value_or(0);
  if (asked <= limit || asked >= limit * kBelievableMultiple) return std::nullopt;
  const std::uint64_t peak = record.memory.peak_bytes.value_or(0), held = holder_.resident_bytes.value_or(0);
  return static_cast<std::uint64_t>(static_cast<double>(asked + (peak > held ? peak - held : 0)) * kMargin);
}

std::string describe_kills_within(const run::Record& record, std::uint64_t kills) {
  if (kills == 0) return {};
  const auto victim = std::ranges::find(
      record.process_table, SIGKILL, [](const run::Process& process) { return process.signal.value_or(0); });
  std::string sentence =
      kills == 1 ? "the kernel killed a process of the run for want of memory"
                 : fmt::format("the kernel killed {} processes of the run for want of memory", kills);
  if (victim != record.process_table.end()) sentence += ": " + named(victim->name, victim->pid);
  return sentence + "; the command went on";
}

std::string describe(const run::Oom& oom) {
  const std::string killer = oom.killer == "kernel"         ? "the kernel"
                             : oom.killer == "ullage limit" ? "Ullage's own memory limit"
                                                            : oom.killer;
  std::string sentence = "out of memory: killed by " + killer;
  if (!oom.victim.empty()) sentence += ", which picked " + oom.victim;
  if (!oom.holder.empty() && oom.holder_bytes)
    sentence +=
        fmt::format("; {} held most, {}", oom.holder, format_bytes(static_cast<double>(*oom.holder_bytes)));
  if (oom.enough_bytes)
    sentence += fmt::format("; a limit of {} would have been enough for what it had asked for",
                            format_bytes(static_cast<double>(*oom.enough_bytes)));
  return sentence;
}

}  // namespace ullage::session
