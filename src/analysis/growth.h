// SPDX-License-Identifier: Apache-2.0
// Does a quantity grow without end, or has it settled? Judged at its quiet points (the least value of each
// window of time) and at the floor that later never falls below them: what comes and goes, as a garbage
// collector's saw, leaves the floor flat; what is kept raises it. The jumps that come with a phase of the
// work are taken out before. Values in, verdict out; the words for it are the caller's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "analysis/forecast.h"

namespace ullage::analysis {

enum class GrowthKind : std::uint8_t {
  growing,  // the floor rises evenly until the end, through at least half of the time
  settled,  // it rose, and then no more: a cache that is full, a warm-up, a phase's data
  steady,   // it did not rise by as much as is worth a word
  unclear,
};
std::string_view name_of(GrowthKind kind);

enum class GrowthDoubt : std::uint8_t {
  none,
  too_short,  // too little time, or too few samples in it
  slowing,    // still rising, but ever more slowly
  uneven,     // it rose by jumps that are too few to tell what they follow
  released,   // it grew through a phase, and gave that back at the phase's end: `phase`, rate and rise are
              // told
};

struct PhaseSpan {
  std::string name;
  double begin_seconds = 0, end_seconds = 0;
};

// A rise of less than both is an allocator's creep.
struct GrowthScale {
  double least_rise = 0;
  double least_share = 0;  // of the level
};

struct GrowthVerdict {
  GrowthKind kind = GrowthKind::unclear;
  GrowthDoubt doubt = GrowthDoubt::none;    // why it is unclear
  double rate_per_second = 0;               // of what grows: the trend of its quiet points
  double rate_low = 0, rate_high = 0;       // its 95 % interval
  double since_seconds = 0;                 // when the growth, or the settled level, began
  double risen = 0;                         // since then (growing), or until then, net of phases
  double level = 0;                         // at the last quiet point
  double confidence = 0;                    // 0..1; 0 of what is unclear
  std::string phase = {};                   // the one that released it
  std::size_t quiet_points = 0, rises = 0;  // looked at, and those at which the floor rose
};

// Samples and phases on one clock, samples in its order.
GrowthVerdict judge_growth(std::span<const Point> samples, std::span<const PhaseSpan> phases,
                           GrowthScale scale);

}  // namespace ullage::analysis
