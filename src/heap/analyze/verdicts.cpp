// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/verdicts.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "heap/analyze/calls.h"
#include "heap/analyze/growth.h"
#include "heap/analyze/moments.h"
#include "heap/analyze/verdict_words.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

constexpr std::size_t kBirthBuckets = 24;
constexpr double kGrowingBytesMin = 1024;
constexpr double kOneBlockBytesMin = 4096;  // containers' tables grow with what they hold
constexpr std::size_t kSlotsMin = 12;       // else nothing can be said of the time before the exit
constexpr double kTornDown = 0.5;           // of what was held before the exit: freed by it when less lives
constexpr double kHardlyFreed = 0.1;        // of what was born: then nearly all of it lived at the exit
constexpr double kHardlyFallen = 0.95;      // of the fullest: nothing was torn down
constexpr double kStillFull = 0.99;         // of the fullest
constexpr double kTornDownBytesMin = 1024;
constexpr double kTableMax = 0.03;  // of all that grows
constexpr double kNearlyAllRate = 0.95;
constexpr double kNearlyAll = 0.8;  // the youngest may still be pointed to

struct RunSpan {
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;
  double seconds() const { return std::max(0.001, static_cast<double>(end_ms - begin_ms) / 1000); }
};

// All that one stack did in one process.
struct StackRecords {
  std::vector<const Change*> changes;
  std::vector<const Living*> living;
};

class ProcessJudge {
 public:
  ProcessJudge(const Profile& profile, RunSpan run)
      : profile_(profile),
        run_(run),
        grid_(window_grid(profile)),
        events_until_ms_(events_until_ms(profile)),
        level_(profile.slot_ends_ms.size()),
        born_(level_.size()) {
    is_of_runtime_ = nodes_of_runtime();
    is_busy_.resize(grid_.windows);
    for (const Change& change : profile.changes)
      if (change.slot < level_.size()) is_busy_[grid_.window_of_slot[change.slot]] = true;
    if (profile.has_ended_by_exit) teardown_ = find_teardown();
  }

  // None where nothing of it lives or lived until the exit.
  std::optional<Verdict> judge_stack(const StackRecords& records) {
    Verdict verdict;
    Amount lost;
    for (const Living* living : records.living) {
      const Amount amount{living->count, living->bytes, living->variance};
      verdict.amount += amount;
      if (is_lost(*living)) lost += amount;
    }
    const Amount held = held_before_teardown(records);
    if (verdict.amount.bytes < kTornDown * held.bytes && lost.bytes == 0)
      return judge_torn_down(records, held);
    if (verdict.amount.bytes <= 0) return std::nullopt;
    const SiteHistory history =
        teardown_ ? until_teardown(history_of(records, teardown_)) : history_of(records);
    const Growth growth = judge_growth(history);
    verdict.kind = growth.is_burst ? VerdictKind::kept : VerdictKind::settled;
    verdict.confidence = growth.confidence;
    verdict.first_seen_seconds = first_seen(history);
    const bool is_growing = growth.is_growing && verdict.amount.bytes >= least_bytes(growth);
    if (is_growing) verdict.rate_bytes_per_second = growth.rate_bytes_per_second;
    // That nothing points to a block is a proof; that a site grows is a trend.
    if (lost.bytes > 0 && (!is_growing || lost.bytes >= kNearlyAll * verdict.amount.bytes)) {
      verdict.kind = VerdictKind::lost;
      verdict.amount = lost;
      verdict.confidence = 0.95;  // a pointer may be hidden: packed, or kept outside of the process
    } else if (is_growing) {
      verdict.kind = VerdictKind::growing;
      verdict.is_one_block = growth.is_one_block;
      verdict.lost_bytes = lost.bytes;
    }
    verdict.births = births_of(records, verdict.kind == VerdictKind::lost);
    verdict.alive_ratios = alive_ratios(history);
    return verdict;
  }

 private:
  // At exit a program may free what it has held, and it held it all the same: the slot after which that
  // begins is the fullest of the last ones.
  std::optional<std::uint32_t> find_teardown() const {
    const std::vector<double> bytes = living_by_slot(profile_);
    if (bytes.size() < kSlotsMin) return std::nullopt;
    // Where little happens before, the slots of the end are many of all of them, and short.
    const std::int64_t last_ms = profile_.ended_ms - (profile_.ended_ms - profile_.started_ms) / 20;
    const auto late = static_cast<std::size_t>(
        std::ranges::count_if(events_until_ms_, [=](std::int64_t until_ms) { return until_ms >= last_ms; }));
    const std::size_t last = std::max({std::size_t{3}, bytes.size() / 20, std::min(late + 1, bytes.size())});
    const auto fullest = std::max_element(bytes.end() - static_cast<std::ptrdiff_t>(last), bytes.end());
    if (bytes.back() > kHardlyFallen * *fullest) return std::nullopt;
    const auto still_full = std::find_if(bytes.rbegin(), bytes.rend(),
                                         [&](double level) { return level >= kStillFull * *fullest; });
    return static_cast<std::uint32_t>(bytes.rend() - still_full - 1);
  }
  Amount held_before_teardown(const StackRecords& records) const {
    Amount held;
    if (!teardown_) return held;
    for (const Change* change : records.changes)
      if (change->slot <= *teardown_)
        held += {change->allocated_count - change->freed_count, change->allocated_bytes - change->freed_bytes,
                 change->allocated_variance - change->freed_variance};
    return held;
  }
  std::optional<Verdict> judge_torn_down(const StackRecords& records, const Amount& held) {
    if (held.bytes < kTornDownBytesMin) return std::nullopt;
    const SiteHistory history = until_teardown(history_of(records, teardown_));
    double born = 0;
    double freed = 0;
    for (const SiteWindow& window : history.windows) {
      born += window.born_bytes;
      freed += window.freed_bytes;
    }
    const bool freed_nothing = freed <= kHardlyFreed * born;
    const Growth growth = freed_nothing ? judge_growth(all_survive(history)) : judge_levels(history, held);
    if (!growth.is_growing && !held_for_long(history, held)) return std::nullopt;
    Verdict verdict{.kind = growth.is_growing && held.bytes >= least_bytes(growth) ? VerdictKind::growing
                                                                                   : VerdictKind::settled,
                    .confidence = growth.confidence,
                    .amount = held,
                    .rate_bytes_per_second = growth.rate_bytes_per_second,
                    .first_seen_seconds = first_seen(history),
                    .alive_ratios = alive_ratios(history),
                    .is_one_block = growth.is_one_block,
                    .is_freed_at_exit = true};
    // Whose births those were is not known any more: by how much the level rose.
    verdict.births.resize(kBirthBuckets);
    double highest = 0;
    for (std::size_t i = 0; i < history.windows.size(); ++i) {
      const double rise = std::max(0.0, history.windows[i].least_bytes - highest);
      highest += rise;
      verdict.births[i * kBirthBuckets / history.windows.size()] += rise / held.bytes * held.count;
    }
    return verdict;
  }
  // Without the windows after it: the process may have taken a while to go.
  SiteHistory until_teardown(SiteHistory history) const {
    // A slot goes on until something happens again.
    const double seconds = seconds_since_start(profile_.slot_ends_ms[*teardown_]);
    const auto begun = static_cast<std::size_t>(std::max(0.0, seconds / history.window_seconds));
    history.windows.resize(
        std::clamp<std::size_t>(begun, grid_.window_of_slot[*teardown_] + 1, grid_.windows));
    history.life_seconds = history.window_seconds * static_cast<double>(history.windows.size());
    return history;
  }
  // Up to the teardown: all that was born lived then.
  static SiteHistory all_survive(SiteHistory history) {
    for (SiteWindow& window : history.windows) {
      window.survivor_count = window.born_count;
      window.survivor_bytes = window.born_bytes;
      window.survivor_variance = window.born_variance;
      window.survivor_samples = window.born_samples;
    }
    return history;
  }
  // Nobody looks for pointers where the runtime keeps its own.
  bool is_lost(const Living& living) const {
    return living.reach == Reach::lost && !is_of_runtime_[profile_.sites[living.site].node];
  }
  std::vector<bool> nodes_of_runtime() const {
    std::vector<bool> of_runtime(profile_.nodes.size());
    for (std::size_t node = 1; node < of_runtime.size(); ++node) {
      const Frame& frame = profile_.frames[profile_.nodes[node].frame];
      // Of the program itself again: it was called by the runtime.
      of_runtime[node] =
          is_of_the_runtime(frame) || (is_plumbing(frame) && of_runtime[profile_.nodes[node].parent]);
    }
    return of_runtime;
  }
  static double least_bytes(const Growth& growth) {
    return growth.is_one_block ? kOneBlockBytesMin : kGrowingBytesMin;
  }
  static bool held_for_long(const SiteHistory& history, const Amount& held) {
    const auto long_held = std::ranges::count_if(
        history.windows, [&](const SiteWindow& window) { return window.least_bytes >= 0.5 * held.bytes; });
    return static_cast<double>(long_held) >= 0.25 * static_cast<double>(history.windows.size());
  }
  double first_seen(const SiteHistory& history) const {
    return static_cast<double>(profile_.started_ms - run_.begin_ms) / 1000 + history.first_seconds;
  }

  double seconds_since_start(std::int64_t time_ms) const {
    return static_cast<double>(time_ms - profile_.started_ms) / 1000;
  }

  // What is later than the slot, where one is given, is left out.
  SiteHistory history_of(const StackRecords& records, std::optional<std::uint32_t> until = {}) {
    SiteHistory history;
    history.windows.resize(grid_.windows);
    history.window_seconds = grid_.window_seconds;
    history.life_seconds = grid_.window_seconds * static_cast<double>(grid_.windows);
    history.is_exact = profile_.is_exact;
    std::ranges::fill(level_, 0);
    std::ranges::fill(born_, 0);
    std::size_t first = level_.size();
    std::size_t last = 0;
    for (const Change* change : records.changes) {
      if (change->slot >= level_.size() || (until && change->slot > *until)) continue;
      SiteWindow& window = history.windows[grid_.window_of_slot[change->slot]];
      window.born_count += change->allocated_count;
      window.born_bytes += change->allocated_bytes;
      window.born_variance += change->allocated_variance;
      window.born_samples += change->samples;
      window.freed_bytes += change->freed_bytes;
      level_[change->slot] += change->allocated_bytes - change->freed_bytes;
      born_[change->slot] += change->allocated_bytes;
      if (change->allocated_count <= 0) continue;
      first = std::min<std::size_t>(first, change->slot);
      last = std::max<std::size_t>(last, change->slot);
    }
    for (const Living* living : records.living) {
      if (living->birth_slot >= level_.size()) continue;
      SiteWindow& window = history.windows[grid_.window_of_slot[living->birth_slot]];
      window.survivor_count += living->count;
      window.survivor_bytes += living->bytes;
      window.survivor_variance += living->variance;
      window.survivor_samples += living->samples;
    }
    add_levels(history);
    if (first >= level_.size()) return history;
    history.first_seconds = first == 0 ? 0 : seconds_since_start(profile_.slot_ends_ms[first - 1]);
    history.burst_seconds =
        last == first ? 0 : seconds_since_start(events_until_ms_[last]) - history.first_seconds;
    return history;
  }

  void add_levels(SiteHistory& history) {
    double level = 0;
    std::size_t slot = 0;
    for (std::size_t i = 0; i < history.windows.size(); ++i) {
      SiteWindow& window = history.windows[i];
      window.is_idle = !is_busy_[i];
      window.least_bytes = window.least_held_bytes = std::numeric_limits<double>::infinity();
      for (; slot < level_.size() && grid_.window_of_slot[slot] == i; ++slot) {
        window.last_held_bytes = level + born_[slot];
        window.least_held_bytes = std::min(window.least_held_bytes, window.last_held_bytes);
        level = std::max(0.0, level + level_[slot]);
        window.least_bytes = std::min(window.least_bytes, level);
      }
      if (!std::isfinite(window.least_bytes))  // no slot ended in it
        window.least_bytes = window.least_held_bytes = window.last_held_bytes = level;
      window.last_bytes = level;
    }
  }

  std::vector<double> births_of(const StackRecords& records, bool lost_only) const {
    std::vector<double> births(kBirthBuckets);
    for (const Living* living : records.living) {
      if ((lost_only && !is_lost(*living)) || living->birth_slot >= level_.size()) continue;
      const auto at_ms = static_cast<double>(events_until_ms_[living->birth_slot] - run_.begin_ms);
      const double place = at_ms / 1000 / run_.seconds() * static_cast<double>(kBirthBuckets);
      const double bucket = std::clamp(std::ceil(place) - 1, 0.0, static_cast<double>(kBirthBuckets - 1));
      births[static_cast<std::size_t>(bucket)] += profile_.is_exact ? living->count : living->samples;
    }
    return births;
  }

  static std::vector<double> alive_ratios(const SiteHistory& history) {
    std::vector<double> ratios;
    const std::size_t windows = history.windows.size();
    for (std::size_t quarter = 0; quarter < 4; ++quarter) {
      double born = 0;
      double alive = 0;
      for (std::size_t i = windows * quarter / 4; i < windows * (quarter + 1) / 4; ++i) {
        born += history.windows[i].born_bytes;
        alive += history.windows[i].survivor_bytes;
      }
      ratios.push_back(born > 0 ? std::min(1.0, alive / born) : std::numeric_limits<double>::quiet_NaN());
    }
    return ratios;
  }

  const Profile& profile_;
  RunSpan run_;
  WindowGrid grid_;
  std::vector<std::int64_t> events_until_ms_;
  std::vector<double> level_, born_;  // by slot; scratch
  std::optional<std::uint32_t> teardown_;
  std::vector<bool> is_busy_;        // by window
  std::vector<bool> is_of_runtime_;  // by node
};

RunSpan span_of(std::span<const Profile> profiles) {
  RunSpan run{std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()};
  for (const Profile& profile : profiles) {
    run.begin_ms = std::min(run.begin_ms, profile.started_ms);
    run.end_ms = std::max(run.end_ms, profile.ended_ms);
    if (!profile.slot_ends_ms.empty()) run.end_ms = std::max(run.end_ms, profile.slot_ends_ms.back());
  }
  return profiles.empty() ? RunSpan{} : run;
}

// The same stack judged alike in several processes is one finding.
void join_into(Verdict& all, const Verdict& one) {
  all.confidence = std::max(all.confidence, one.confidence);
  all.amount += one.amount;
  all.rate_bytes_per_second += one.rate_bytes_per_second;
  all.first_seen_seconds = std::min(all.first_seen_seconds, one.first_seen_seconds);
  for (std::size_t i = 0; i < all.births.size(); ++i) all.births[i] += one.births[i];
  all.lost_bytes += one.lost_bytes;
  ++all.processes;
}

// A container's own table grows with what it holds, and is none of the reader's business beside it.
void set_tables_aside(std::vector<Verdict>& verdicts) {
  double growing_bytes = 0;
  for (const Verdict& verdict : verdicts)
    if (!verdict.is_one_block && verdict.rate_bytes_per_second > 0) growing_bytes += verdict.amount.bytes;
  for (Verdict& verdict : verdicts)
    if (verdict.kind == VerdictKind::growing && verdict.is_one_block &&
        verdict.amount.bytes < kTableMax * growing_bytes) {
      verdict.kind = VerdictKind::settled;
      verdict.rate_bytes_per_second = 0;
    }
}

// all_rate: of all that grows; together they reach the limit.
void finish(Verdict& verdict, std::optional<double> room_bytes, double all_rate) {
  if (room_bytes && verdict.rate_bytes_per_second > 0)
    verdict.seconds_to_limit = std::max(0.0, *room_bytes) / all_rate;
  verdict.is_alone = verdict.rate_bytes_per_second >= kNearlyAllRate * all_rate;
  verdict.advice = advice_for(verdict);
}

}  // namespace

std::string_view name_of(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::growing:
      return "growing";
    case VerdictKind::lost:
      return "lost";
    case VerdictKind::kept:
      return "kept";
    case VerdictKind::settled:
      return "settled";
  }
  return {};
}

Verdicts judge(std::span<const Profile> profiles, std::optional<double> room_bytes) {
  const RunSpan run = span_of(profiles);
  const Calls calls = join_calls(profiles);
  const std::vector<std::uint32_t> blamed = blamed_nodes(calls);
  std::map<std::pair<VerdictKind, std::uint32_t>, Verdict> found;
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    const std::vector<std::uint32_t>& node_of_site = calls.node_of_site[i];
    std::map<std::uint32_t, StackRecords> stacks;
    for (const Living& living : profiles[i].living)
      stacks[blamed[node_of_site[living.site]]].living.push_back(&living);
    for (const Change& change : profiles[i].changes)
      stacks[blamed[node_of_site[change.site]]].changes.push_back(&change);
    ProcessJudge process(profiles[i], run);
    for (const auto& [node, records] : stacks) {
      auto verdict = process.judge_stack(records);
      if (!verdict) continue;
      const auto [at, is_new] = found.try_emplace({verdict->kind, node}, *verdict);
      if (!is_new) join_into(at->second, *verdict);
    }
  }
  Verdicts verdicts{.run_seconds = profiles.empty() ? 0 : run.seconds()};
  std::vector<Verdict> all;
  for (auto& [key, verdict] : found) {
    verdict.stack = stack_of(calls, key.second);
    all.push_back(std::move(verdict));
  }
  set_tables_aside(all);
  double all_rate = 0;
  for (const Verdict& verdict : all) all_rate += verdict.rate_bytes_per_second;
  for (Verdict& verdict : all) {
    finish(verdict, room_bytes, all_rate);
    (verdict.kind == VerdictKind::settled ? verdicts.settled : verdicts.leaks).push_back(std::move(verdict));
  }
  const auto comes_before = [](const Verdict& a, const Verdict& b) {
    const auto rank = [](const Verdict& verdict) {
      return std::tuple(verdict.kind, -verdict.rate_bytes_per_second, -verdict.amount.bytes);
    };
    return rank(a) != rank(b) ? rank(a) < rank(b) : a.stack < b.stack;
  };
  std::ranges::sort(verdicts.leaks, comes_before);
  std::ranges::sort(verdicts.settled, comes_before);
  return verdicts;
}

}  // namespace ullage::heap
