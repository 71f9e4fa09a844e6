// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/moments.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "heap/profile.h"

namespace ullage::heap {

namespace {

constexpr double kNormal95 = 1.959964;
constexpr double kBeyond = 0.025;  // at each end
constexpr std::int64_t kFirstSlotMs = 10;
constexpr std::size_t kSlotsOfAWidth = 256, kSlotsAbout = 4;
// So many slots are over: 0 is before the first. The end stands for whatever is in the file.
using SlotCount = std::uint32_t;
constexpr SlotCount kEnd = std::numeric_limits<SlotCount>::max();

// By Abramowitz and Stegun 26.2.23, within 0.0005.
double normal_quantile_above(double probability) {
  const double t = std::sqrt(-2 * std::log(probability));
  return t -
         (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

// χ² at a quantile of the normal, by Wilson and Hilferty's cube; within 1 % from two degrees on.
double chi_squared(double degrees, double normal_quantile) {
  const double spread = 2 / (9 * degrees);
  const double root = 1 - spread + normal_quantile * std::sqrt(spread);
  return root <= 0 ? 0 : degrees * root * root * root;
}

// The slot whose end is nearest: a phase's slot ends with it. A process that is not there yet or no more
// has nothing.
std::optional<SlotCount> slots_until(const Profile& profile, const Moment& moment) {
  if (moment.kind == Moment::Kind::exit) return kEnd;
  if (moment.kind == Moment::Kind::peak) return profile.peak_slot + 1;
  if (moment.time_ms > profile.ended_ms) return std::nullopt;
  if (moment.time_ms < profile.started_ms) return SlotCount{0};
  const auto& ends = profile.slot_ends_ms;
  const auto after = std::ranges::lower_bound(ends, moment.time_ms);
  if (after == ends.end()) return kEnd;
  const auto before_ms = after == ends.begin() ? profile.started_ms : *(after - 1);
  const bool is_nearer_before = moment.time_ms - before_ms < *after - moment.time_ms;
  // Of several that end in one millisecond, as they do at peaks, all are over.
  const auto over = is_nearer_before ? after : std::ranges::upper_bound(after, ends.end(), *after);
  const auto count = static_cast<SlotCount>(over - ends.begin());
  return count == ends.size() ? kEnd : count;
}

std::vector<Amount> living_at(const Profile& profile, std::optional<SlotCount> slots) {
  std::vector<Amount> amounts(profile.sites.size());
  if (!slots || *slots == 0) return amounts;
  if (*slots == kEnd) {  // what is there, whatever was logged of it
    for (const Living& living : profile.living)
      amounts[living.site] += {living.count, living.bytes, living.variance};
    return amounts;
  }
  for (const Change& change : profile.changes)
    if (change.slot < *slots)
      amounts[change.site] +=
          {change.allocated_count - change.freed_count, change.allocated_bytes - change.freed_bytes,
           // A block's own part of it is taken off when it goes.
           change.allocated_variance - change.freed_variance};
  for (Amount& amount : amounts) {
    // Of a block from before the profile began, only the end was seen.
    amount.count = std::max(amount.count, 0.0);
    amount.bytes = std::max(amount.bytes, 0.0);
    amount.variance = std::max(amount.variance, 0.0);
    if (amount.count < 1e-6 && amount.bytes < 1e-3) amount = {};
  }
  return amounts;
}

std::vector<Amount> growth(const Profile& profile, std::optional<SlotCount> from,
                           std::optional<SlotCount> until) {
  std::vector<Amount> amounts = living_at(profile, until);
  const std::vector<Amount> before = living_at(profile, from);
  // What lived at both moments is no source of error, but how much that was is known at the end alone.
  std::vector<double> moved(amounts.size());
  for (const Change& change : profile.changes)
    if (change.slot >= from.value_or(0) && change.slot < until.value_or(kEnd))
      moved[change.site] += change.allocated_variance + change.freed_variance;
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    amounts[i].count -= before[i].count;
    amounts[i].bytes -= before[i].bytes;
    amounts[i].variance = std::min(amounts[i].variance + before[i].variance, moved[i]);
  }
  return amounts;
}

std::vector<Amount> allocations(const Profile& profile, SlotCount from, SlotCount until, bool temporary) {
  std::vector<Amount> amounts(profile.sites.size());
  for (const Change& change : profile.changes) {
    if (change.slot < from || change.slot >= until) continue;
    Amount& amount = amounts[change.site];
    amount += {temporary ? change.temporary_count : change.allocated_count, 0, 0};
    if (!temporary) amount += {0, change.allocated_bytes, change.allocated_variance};
  }
  if (!temporary) return amounts;
  // Only their number is recorded; a site's blocks are of one size class.
  const std::vector<Amount> all = allocations(profile, 0, kEnd, false);
  for (std::size_t i = 0; i < amounts.size(); ++i) {
    if (all[i].count <= 0) continue;
    const double share = amounts[i].count / all[i].count;
    amounts[i].bytes = all[i].bytes * share;
    amounts[i].variance = all[i].variance * share;
  }
  return amounts;
}

}  // namespace

Amount& Amount::operator+=(const Amount& other) {
  count += other.count;
  bytes += other.bytes;
  variance += other.variance;
  return *this;
}

// The greatest of many is hardly ever too small: what is not needed at the high end goes to the low one.
double deviations_at_low_end(const Amount& amount) {
  const double n = amount.greatest_of;
  return n > 1 ? normal_quantile_above(kBeyond * (2 - 1 / n) / n) : kNormal95;
}

Interval interval_95(const Amount& amount) {
  if (amount.variance <= 0 || amount.bytes <= 0) return {amount.bytes, amount.bytes};
  const double weight = amount.variance / amount.bytes;  // what one more sample would add
  const double seen = amount.bytes / weight;
  return {weight / 2 * chi_squared(2 * seen, -deviations_at_low_end(amount)),
          weight / 2 * chi_squared(2 * seen + 2, kNormal95)};
}

Interval interval_95(const Amount& amount, Measure measure) {
  if (measure != Measure::growth) return interval_95(amount);
  const double half = kNormal95 * std::sqrt(std::max(amount.variance, 0.0));
  return {amount.bytes - half, amount.bytes + half};
}

std::vector<Amount> amounts_of(const Profile& profile, const Question& question) {
  const auto until = slots_until(profile, question.at);
  const auto from = question.since ? slots_until(profile, *question.since) : SlotCount{0};
  switch (question.measure) {
    case Measure::living:
      return living_at(profile, until);
    case Measure::growth:
      return growth(profile, from, until);
    case Measure::allocated:
    case Measure::temporary:
      return allocations(profile, from.value_or(kEnd), until.value_or(kEnd),
                         question.measure == Measure::temporary);
  }
  return {};
}

std::vector<std::int64_t> events_until_ms(const Profile& profile) {
  const std::vector<std::int64_t>& ends = profile.slot_ends_ms;
  const auto begin_of = [&](std::size_t slot) { return slot == 0 ? profile.started_ms : ends[slot - 1]; };
  std::vector<std::int64_t> until;
  for (std::size_t slot = 0; slot < ends.size(); ++slot) {
    // The first event after so long begins another slot (src/heap/track/slots.cpp): at least this, and it may
    // be as long as the shortest about here.
    std::int64_t shortest_ms = std::numeric_limits<std::int64_t>::max();
    for (std::size_t i = slot - std::min(slot, kSlotsAbout);
         i < std::min(ends.size(), slot + kSlotsAbout + 1); ++i)
      shortest_ms = std::min(shortest_ms, ends[i] - begin_of(i));
    const std::int64_t first_ms = kFirstSlotMs << std::min<std::size_t>(slot / kSlotsOfAWidth, 32);
    until.push_back(std::min(ends[slot], begin_of(slot) + std::max(first_ms, shortest_ms)));
  }
  return until;
}

}  // namespace ullage::heap
