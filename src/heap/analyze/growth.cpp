// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/growth.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "analysis/forecast.h"
#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

constexpr std::size_t kWindowsMin = 6;   // with fewer nothing can be seen to go on
constexpr double kYoung = 1.0 / 12;      // of the life: what is younger may be on its way out
constexpr double kSpanMin = 0.3;         // of the life, that births of survivors must reach back
constexpr double kSamplesMin = 4;        // survivors
constexpr double kMeanBirthMin = 0.3;    // of births between first (0) and now (1); steady growth: 0.5
constexpr double kLastThirdMin = 0.1;    // of the survivors; steady growth: 0.33
constexpr std::size_t kOccupiedMin = 4;  // twelfths of the time in which survivors were born
constexpr double kOneTwelfthMax = 0.6;   // of the survivors in one of them
constexpr double kReplacedMax = 0.5;     // survivors that only took others' places
constexpr double kSureRise = 1.8;        // standard errors of a rise while others die
constexpr double kSureBirths = 1;        // the same where hardly any die
constexpr double kHardlyAny = 0.1;       // doomed in survivors
constexpr double kFreedNothing = 0.02;   // of what was born: then nothing is replaced
constexpr double kThereBefore = 0.9;     // of the level at the end, held earlier: a saw, not a slope
constexpr double kEarlier = 0.7;         // of the time
constexpr double kBurst = 0.02;          // of the life, from the first allocation to the last
constexpr std::size_t kStepsMin = 4;
constexpr double kOpenGapMax = 2.2;  // the wait since the last step, in the longest of the two before
constexpr double kSilenceMin = 0.12, kSilenceEnough = 0.2;   // of the time
constexpr double kSureGapMax = 1.3, kSureSilenceMin = 0.06;  // the same where what came before was dense
constexpr double kMissedMin = 7;          // births: by so many fewer it is once in a thousand times by chance
constexpr double kSilenceByChance = 4.6;  // samples: so many are not missed but once in a hundred times
constexpr double kLate = 0.6;             // of the time
constexpr double kRises = 0.03;           // of the level at the end
constexpr double kSteadySamplesMin = 24;
constexpr double kSteadyMean = 0.45;     // of births since late, between then (0) and now (1)
constexpr double kSteadyPartMin = 0.05;  // of what lives
constexpr double kFewBlocks = 16;
constexpr double kRiseMin = 0.2;         // of the level at the end, in the last third
constexpr double kRiseBeforeMin = 0.12;  // in the middle one: what levels off is about to settle
constexpr double kLatelyMin = 0.03;      // the rise in the last sixth
constexpr double kSureQueue = 3;         // standard errors of the rise from the first third's end
constexpr double kSureThird = 2;         // of the last third's
constexpr double kEarlyPart = 0.45;      // of the time since the first step
constexpr double kLateRiseMin = 0.33;    // of the level at the end, that comes after that part
constexpr double kFallsByChance = 2;     // standard errors, besides
constexpr double kNothingSeen = 0.3;     // confidence that what nothing tells of has settled
constexpr double kFallMax = 0.1;         // of the level at the end: deeper falls are a saw's

struct Sums {
  double bytes = 0, variance = 0, samples = 0;
};

// The median of three: one window may lie in a burst.
double quiet_level(std::span<const SiteWindow> windows, std::size_t i) {
  double a = windows[i - 1].least_bytes;
  double b = windows[i].least_bytes;
  if (a > b) std::swap(a, b);
  return std::clamp(windows[i + 1].least_bytes, a, b);
}

// The standard error of the difference between two levels: by what has come and gone between them, or by
// both levels, whichever is less. sample_bytes: what one sample stands for.
double error_between(std::span<const SiteWindow> windows, std::size_t from, std::size_t to,
                     double sample_bytes) {
  double moved = 0;
  for (std::size_t i = from + 1; i <= to; ++i) moved += windows[i].born_bytes + windows[i].freed_bytes;
  return std::sqrt(sample_bytes * std::min(moved, windows[from].least_bytes + windows[to].least_bytes));
}

// Through the middle third and the last, until now, without deep falls.
std::optional<double> level_rises(std::span<const SiteWindow> windows, double sample_bytes) {
  if (windows.size() < kWindowsMin) return std::nullopt;
  const std::size_t last = windows.size() - 1;
  const double level = windows[last].least_bytes;
  const double middle = quiet_level(windows, last / 3);
  const double late = quiet_level(windows, last * 2 / 3);
  const double lately = quiet_level(windows, last - std::max<std::size_t>(1, last / 6));
  if (level <= 0 || level - late < kRiseMin * level || late - middle < kRiseBeforeMin * level ||
      level - lately < kLatelyMin * level)
    return std::nullopt;
  if (level - late < kSureThird * error_between(windows, last * 2 / 3, last, sample_bytes) ||
      level - middle < kSureQueue * error_between(windows, last / 3, last, sample_bytes))
    return std::nullopt;
  std::size_t highest = 0;
  for (std::size_t i = 1; i < windows.size(); ++i) {
    const double fall = windows[highest].least_bytes - windows[i].least_bytes;
    if (fall > kFallMax * level + kFallsByChance * error_between(windows, highest, i, sample_bytes))
      return std::nullopt;
    if (fall < 0) highest = i;
  }
  return 0.75;
}

class Judge {
 public:
  explicit Judge(const SiteHistory& history) : history_(history), windows_(history.windows) {
    for (const SiteWindow& window : windows_) {
      born_ += window.born_bytes;
      freed_ += window.freed_bytes;
      survivors_.push_back(total());
      all_.bytes += window.survivor_bytes;
      all_.variance += window.survivor_variance;
      all_.samples += history_.is_exact ? window.survivor_count : window.survivor_samples;
      blocks_ += window.survivor_count;
    }
    survivors_.push_back(total());
    if (windows_.empty()) return;
    end_ = windows_.size() - std::max<std::size_t>(1, static_cast<std::size_t>(count() * kYoung));
    end_level_ = windows_[end_ - 1].least_bytes;  // a quiet one; at the exit itself much is freed
    for (std::size_t i = end_; i + 1 < windows_.size(); ++i)
      end_level_ = std::min(end_level_, windows_[i].least_bytes);
  }

  Growth judge() {
    Growth growth{.confidence = kNothingSeen};
    if (windows_.empty() || all_.bytes <= 0) return growth;
    const double burst_max = std::max(history_.life_seconds * kBurst, 2 * history_.window_seconds / 3);
    // One sample of many small blocks says nothing of the others.
    const bool is_seen = all_.samples >= kSamplesMin || all_.variance <= 0.1 * all_.bytes * all_.bytes;
    growth.is_burst = history_.burst_seconds <= burst_max && freed_ <= born_ * 0.1 && is_seen;
    if (windows_.size() >= kWindowsMin && !growth.is_burst) {
      if (const auto certainty = by_survivors(growth)) {
        growth.is_growing = true;
        growth.confidence = *certainty;
      } else if (const auto rise = by_levels()) {
        growth.is_growing = true;
        growth.confidence = *rise;
      } else if (const auto steps = by_steps()) {
        growth.is_growing = true;
        growth.is_one_block = true;
        growth.confidence = *steps;
      }
    }
    if (growth.is_growing)
      growth.rate_bytes_per_second = rate();
    else
      growth.confidence = settled_confidence(growth);
    return growth;
  }

 private:
  double count() const { return static_cast<double>(windows_.size()); }
  const Sums& total() const { return all_; }
  // Of survivors born in windows [from, until).
  double born_alive(std::size_t from, std::size_t until) const {
    return survivors_[until].bytes - survivors_[from].bytes;
  }

  // More and more blocks: they were born all over the time, until now, and did not replace others.
  std::optional<double> by_survivors(Growth& growth) const {
    std::size_t first = 0;
    while (first < end_ && windows_[first].survivor_bytes <= 0) ++first;
    if (static_cast<double>(end_ - first) < kSpanMin * count()) return std::nullopt;
    // What a site is filled with at the start does not excuse what comes after.
    const std::size_t after_start = first + std::max<std::size_t>(1, (end_ - first) / 10);
    const auto late = first + static_cast<std::size_t>(static_cast<double>(end_ - first) * kLate);
    const auto from = is_spread(first)         ? std::optional(first)
                      : is_spread(after_start) ? std::optional(after_start)
                      : is_steady(late)        ? std::optional(late)
                                               : std::nullopt;
    if (!from || has_stopped(*from)) return std::nullopt;
    // Of what frees nothing, nothing was given back.
    if (was_there_before() && !(*from == late && frees_nothing())) return std::nullopt;
    return not_replaced(*from, growth);
  }

  // Births that came all the time, or a level that rose all the time, and then no more.
  bool has_stopped(std::size_t first) const {
    std::vector<bool> has_births;
    for (std::size_t i = first; i < windows_.size(); ++i)
      has_births.push_back(windows_[i].survivor_bytes > 0);
    return is_silent_at_last(has_births, first) || misses_births(first) || has_stopped_rising(first);
  }
  // Beside their mean and their scatter before, more births are missing at the end than chance would have it.
  bool misses_births(std::size_t first) const {
    std::size_t last = first;
    double sum = 0;
    double squares = 0;
    for (std::size_t i = first; i < windows_.size(); ++i) {
      const double births = history_.is_exact ? windows_[i].survivor_count : windows_[i].survivor_samples;
      sum += births;
      squares += births * births;
      if (births > 0) last = i;
    }
    const auto with_births = static_cast<double>(last + 1 - first);
    const auto open = static_cast<double>(windows_.size() - 1 - last);
    const double mean = sum / with_births;
    if (mean <= 0 || open <= kSureSilenceMin * static_cast<double>(windows_.size() - first)) return false;
    const double scatter = std::max(1.0, (squares / with_births - mean * mean) / mean);  // 1: as by chance
    return open * mean >= kMissedMin * scatter;
  }
  bool has_stopped_rising(std::size_t first) const {
    std::vector<bool> has_risen;
    double highest = 0;
    for (std::size_t i = first; i < windows_.size(); ++i) {
      has_risen.push_back(windows_[i].least_bytes > highest + kRises * end_level_);
      if (has_risen.back()) highest = windows_[i].least_bytes;
    }
    return is_silent_at_last(has_risen, first);
  }

  // The wait since it last happened, beside the longest between two times. A process that waited did not
  // happen not to allocate; but a short silence is none beside waits of any kind.
  bool is_silent_at_last(const std::vector<bool>& happened, std::size_t first) const {
    std::size_t last = 0;
    std::size_t longest = 1;  // of windows in which anything was done
    std::size_t longest_of_all = 1;
    std::size_t wait = 0;
    for (std::size_t i = 1; i < happened.size(); ++i) {
      wait += windows_[first + i].is_idle ? 0 : 1;
      if (!happened[i]) continue;
      longest = std::max(longest, wait);
      longest_of_all = std::max(longest_of_all, i - last);
      wait = 0;
      last = i;
    }
    const auto open = static_cast<double>(happened.size() - 1 - last);
    const double by_chance = kSilenceByChance / std::max(1.0, all_.samples);
    const auto is_longer = [&](double silence, double gap) {
      return open > silence * static_cast<double>(happened.size()) && open > gap;
    };
    return is_longer(std::clamp(by_chance, kSilenceMin, kSilenceEnough),
                     kOpenGapMax * static_cast<double>(longest)) ||
           is_longer(std::max(by_chance, kSureSilenceMin), kSureGapMax * static_cast<double>(longest_of_all));
  }

  // What was fast, has become slow, and goes on: even births of late, unlike those of what is nearly
  // complete.
  bool is_steady(std::size_t late) const {
    const double all = born_alive(late, end_);
    if (survivors_[end_].samples - survivors_[late].samples < kSteadySamplesMin ||
        all < kSteadyPartMin * survivors_[end_].bytes || !is_spread(late))
      return false;
    double moment = 0;
    for (std::size_t i = late; i < end_; ++i)
      moment += windows_[i].survivor_bytes * (static_cast<double>(i - late) + 0.5);
    return moment / all >= kSteadyMean * static_cast<double>(end_ - late);
  }

  bool is_spread(std::size_t first) const {
    const double all = born_alive(first, end_);
    const double samples = survivors_[end_].samples - survivors_[first].samples;
    const std::size_t span = end_ - first;
    if (all <= 0 || samples < kSamplesMin || span < 3) return false;
    double moment = 0;
    std::vector<double> twelfths(std::min<std::size_t>(12, span));
    for (std::size_t i = first; i < end_; ++i) {
      const double place = (static_cast<double>(i - first) + 0.5) / static_cast<double>(span);
      moment += windows_[i].survivor_bytes * place;
      twelfths[(i - first) * twelfths.size() / span] += windows_[i].survivor_bytes;
    }
    const auto occupied =
        static_cast<std::size_t>(std::ranges::count_if(twelfths, [](double bytes) { return bytes > 0; }));
    return moment / all >= kMeanBirthMin && born_alive(end_ - span / 3, end_) >= kLastThirdMin * all &&
           born_alive(first, first + span / 3 + 1) > 0 &&
           occupied >= std::min(kOccupiedMin, twelfths.size()) &&
           std::ranges::max(twelfths) <= kOneTwelfthMax * all;
  }

  // Quiet levels: the least of each twelfth. What was held there and given back is held for a while again.
  bool was_there_before() const {
    const double level = windows_[end_ - 1].least_bytes;
    const auto width = std::max<std::size_t>(1, windows_.size() / 12);
    const auto earlier = static_cast<std::size_t>(static_cast<double>(end_) * kEarlier);
    double highest = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i + width <= earlier; ++i) {
      double least = windows_[i].least_bytes;
      for (std::size_t k = 1; k < width; ++k) least = std::min(least, windows_[i + k].least_bytes);
      if (least <= highest) continue;
      highest = least;
      at = i;
    }
    if (highest >= kThereBefore * std::max(level, survivors_[end_].bytes)) return true;
    return !frees_nothing() && highest > 0 && !net_since(at).is_sure && !rises_from(end_ / 3);
  }

  // How far the level has risen since window i's quietest point, beside what of the survivors is born since:
  // of a full cache nothing.
  struct Net {
    double replaced = 1;   // part of the survivors that only took others' places
    double certainty = 0;  // of the rise, in its standard errors
    bool is_sure = false;
  };
  Net net_since(std::size_t i) const {
    const double since = born_alive(i + 1, end_);
    if (since <= 0) return {};
    const double doomed = std::max(0.0, windows_[i].least_bytes - survivors_[i + 1].bytes);
    const double young = std::max(0.0, end_level_ - survivors_[end_].bytes);
    const double rise = since + young - doomed;
    const double sample = all_.variance / all_.bytes;  // what one of them stands for
    const double error = std::sqrt(sample * (since + young + doomed));
    const double enough = doomed <= kHardlyAny * since ? kSureBirths : kSureRise;
    return {.replaced = std::max(0.0, 1 - rise / since),
            .certainty = error > 0  ? rise / error
                         : rise > 0 ? 1e9
                                    : 0,
            .is_sure = rise > 0 && rise >= enough * error};
  }
  // The quietest point between two parts of the time since the first survivor.
  Net quietest(std::size_t first, double from, double until) const {
    const auto span = static_cast<double>(end_ - first);
    Net best;
    for (auto i = first + static_cast<std::size_t>(span * from);
         i < first + static_cast<std::size_t>(span * until); ++i) {
      const Net net = net_since(i);
      best.replaced = std::min(best.replaced, net.replaced);
      best.certainty = std::max(best.certainty, net.certainty);
      best.is_sure = best.is_sure || net.is_sure;
    }
    return best;
  }
  std::optional<double> not_replaced(std::size_t first, Growth& growth) const {
    const Net middle = quietest(first, 1.0 / 3, 2.0 / 3);
    const Net late = quietest(first, 2.0 / 3, 0.85);
    growth.replaced_ratio = std::max(middle.replaced, late.replaced);
    const bool is_sure = frees_nothing() || (middle.is_sure && late.is_sure) ||
                         (rises_from(first + (end_ - first) / 3) && rises_from(first + (end_ - first) / 2));
    if (growth.replaced_ratio > kReplacedMax || !is_sure) return std::nullopt;
    return 0.7 + 0.15 * std::min(1.0, middle.certainty / 6) + 0.14 * (1 - growth.replaced_ratio);
  }
  // What turns over fast has many levels that are independent of each other: their trend is surer than any
  // two.
  bool rises_from(std::size_t begin) const {
    std::vector<analysis::Point> points;
    for (std::size_t i = begin; i < end_; ++i)
      points.push_back({static_cast<double>(i), windows_[i].last_bytes});
    const auto trend = analysis::robust_trend(points);
    return trend && trend->slope_low > 0;
  }
  bool frees_nothing() const { return freed_ <= born_ * kFreedNothing; }

  // A queue that is filled faster than emptied: the old go, and yet the quiet level rises in each third.
  std::optional<double> by_levels() const {
    if (all_.samples < kSamplesMin || has_stopped_rising(0)) return std::nullopt;
    return level_rises({windows_.data(), end_}, all_.variance / all_.bytes);
  }

  // Larger and larger blocks (realloc, doubling arenas, mappings): the level that is never left again rises
  // in steps, and the next step is not overdue.
  std::optional<double> by_steps() const {
    const double final_level = all_.bytes;
    if (std::sqrt(all_.variance) > 0.3 * final_level) return std::nullopt;
    if (has_fallen(final_level)) return std::nullopt;
    if (blocks_ > kFewBlocks) return std::nullopt;
    // Of a block that is freed as a slot ends, and allocated anew in the next, no slot's end sees anything.
    const bool is_hidden = std::ranges::count_if(windows_, [&](const SiteWindow& window) {
                             return window.least_bytes < kHardlyAny * final_level;
                           }) > static_cast<std::ptrdiff_t>(windows_.size() * 3 / 4);
    std::vector<double> floor(windows_.size());
    double least = final_level;
    for (std::size_t i = windows_.size(); i-- > 0;) {
      floor[i] = std::min(least, is_hidden ? windows_[i].last_held_bytes : windows_[i].last_bytes);
      least = std::min(least, is_hidden ? windows_[i].least_held_bytes : windows_[i].least_bytes);
    }
    std::vector<double> at;
    double factor = 1;  // of the last step
    double before = 0;
    for (std::size_t i = 0; i < floor.size(); ++i) {
      if (floor[i] - before <= std::max(0.01 * final_level, 0.02 * before)) continue;
      at.push_back(static_cast<double>(i));
      factor = before > 0 ? floor[i] / before : 1;
      before = floor[i];
    }
    if (at.size() < kStepsMin || at.back() - at.front() < kSpanMin * count()) return std::nullopt;
    const std::size_t n = at.size();
    const double gap = std::max({at[n - 1] - at[n - 2], at[n - 2] - at[n - 3], 1.0});
    const double open = count() - 1 - at.back();
    // What is filled evenly, and doubles when it is full, does so at twice the time.
    const double until_next = (std::min(factor, 2.0) - 1) * (at.back() + 1 - first_birth());
    if (open > std::max(kOpenGapMax * gap, until_next)) return std::nullopt;
    const double early = first_birth() + (count() - first_birth()) * kEarlyPart;
    if (final_level - floor[static_cast<std::size_t>(early)] < kLateRiseMin * final_level)
      return std::nullopt;
    return 0.6 + 0.3 * std::min(1.0, static_cast<double>(n) / 12);
  }

  // From what was held for a while: as the old block is copied into the new one, both are there.
  bool has_fallen(double final_level) const {
    const std::size_t a_while = std::max<std::size_t>(2, windows_.size() / 16);
    double most = 0;
    for (std::size_t i = 1; i + 1 < windows_.size(); ++i) {
      const double level = quiet_level(windows_, i);
      if (most - level > kFallMax * most) return true;
      double held = level;
      for (std::size_t k = i + 1; k < std::min(i + a_while, windows_.size() - 1); ++k)
        held = std::min(held, quiet_level(windows_, k));
      most = std::max(most, held);
    }
    return final_level < 0.95 * most;
  }

  double first_birth() const {
    const auto at = std::ranges::find_if(windows_, [](const SiteWindow& w) { return w.born_bytes > 0; });
    return static_cast<double>(at - windows_.begin());
  }

  // Theil and Sen's slope of the quiet levels; where those stand still between steps, what stayed over time.
  double rate() const {
    std::vector<analysis::Point> points;
    std::size_t first = 0;
    while (first < end_ && windows_[first].survivor_bytes <= 0) ++first;
    for (std::size_t i = std::max(first, windows_.size() / 3); i < end_; ++i)
      points.push_back({static_cast<double>(i + 1) * history_.window_seconds, windows_[i].least_bytes});
    const auto trend = analysis::robust_trend(points);
    if (trend && trend->slope_per_second > 0) return trend->slope_per_second;
    const double seconds = history_.life_seconds - history_.first_seconds;
    return seconds > 0 ? all_.bytes / seconds : 0;
  }

  double settled_confidence(const Growth& growth) const {
    if (growth.is_burst) return 0.95;
    return kNothingSeen +
           0.65 * std::min(1.0, all_.samples / 20) * std::min(1.0, quiet_ratio() / kSilenceEnough);
  }

  // How much of the time the level has not risen any more.
  double quiet_ratio() const {
    std::size_t last = 0;
    double highest = 0;
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      if (windows_[i].least_bytes <= highest + kRises * end_level_) continue;
      highest = windows_[i].least_bytes;
      last = i;
    }
    return static_cast<double>(windows_.size() - 1 - last) / count();
  }

  const SiteHistory& history_;
  const std::vector<SiteWindow>& windows_;
  std::vector<Sums> survivors_;  // born before window i
  Sums all_;
  double born_ = 0, freed_ = 0, blocks_ = 0;
  double end_level_ = 0;
  std::size_t end_ = 0;  // the first window of which survivors are young
};

}  // namespace

WindowGrid window_grid(const Profile& profile, std::size_t most) {
  WindowGrid grid;
  const std::size_t slots = profile.slot_ends_ms.size();
  grid.windows = slots >= kWindowsMin ? most : slots;
  if (slots == 0) return grid;
  const auto begin_ms = static_cast<double>(profile.started_ms);
  // A program that allocates no more goes on without slots.
  const auto end_ms = static_cast<double>(std::max(profile.ended_ms, profile.slot_ends_ms.back()));
  const double span_ms = std::max(1.0, end_ms - begin_ms);
  grid.window_seconds = span_ms / 1000 / static_cast<double>(grid.windows);
  for (const std::int64_t until_ms : events_until_ms(profile)) {
    const double place = (static_cast<double>(until_ms) - begin_ms) / span_ms;
    const double window = std::ceil(place * static_cast<double>(grid.windows)) - 1;
    grid.window_of_slot.push_back(
        static_cast<std::uint32_t>(std::clamp(window, 0.0, static_cast<double>(grid.windows - 1))));
  }
  return grid;
}

Growth judge_growth(const SiteHistory& history) { return Judge(history).judge(); }

Growth judge_levels(const SiteHistory& history, const Amount& held) {
  Growth growth{.confidence = 0.6};
  std::span<const SiteWindow> windows = history.windows;
  // Without those in which it was freed already.
  while (!windows.empty() && windows.back().least_bytes < 0.9 * held.bytes && windows.size() > 1 &&
         windows[windows.size() - 2].last_bytes >= windows.back().least_bytes)
    windows = windows.first(windows.size() - 1);
  if (held.bytes <= 0) return growth;
  if (static_cast<double>(windows.size()) < 0.9 * static_cast<double>(history.windows.size())) return growth;
  double births = 0;
  for (const SiteWindow& window : windows) births += window.born_count > 0 ? 1 : 0;
  const auto certainty = level_rises(windows, held.variance / held.bytes);
  if (!certainty || births < static_cast<double>(windows.size()) / 4) return growth;
  growth.is_growing = true;
  growth.confidence = *certainty;
  std::vector<analysis::Point> points;
  for (std::size_t i = windows.size() / 3; i < windows.size(); ++i)
    points.push_back({static_cast<double>(i + 1) * history.window_seconds, windows[i].least_bytes});
  if (const auto trend = analysis::robust_trend(points))
    growth.rate_bytes_per_second = std::max(0.0, trend->slope_per_second);
  return growth;
}

}  // namespace ullage::heap
