// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/peak.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

constexpr double kCrossings = 0.45;  // by simulation, see History
constexpr int kRounds = 12;          // until the number of moments and the interval of their greatest agree

// How much memory of all processes together lives, as it changes.
struct Step {
  std::int64_t time_ms;
  std::size_t slot;
  double bytes;            // more or less from then on
  double allocated_bytes;  // since the step before of the same process
};

std::vector<Step> steps_of(std::span<const Profile> profiles) {
  std::vector<Step> steps;
  for (const Profile& profile : profiles) {
    const std::size_t first = steps.size();
    for (const std::int64_t end_ms : profile.slot_ends_ms)
      steps.push_back({end_ms, steps.size() - first, 0, 0});
    double left = 0;
    for (const Change& change : profile.changes) {
      if (change.slot >= profile.slot_ends_ms.size() || !is_memory(profile.sites[change.site].kind)) continue;
      Step& step = steps[first + change.slot];
      step.bytes += change.allocated_bytes - change.freed_bytes;
      step.allocated_bytes += change.allocated_bytes;
      left += change.allocated_bytes - change.freed_bytes;
    }
    steps.push_back({profile.ended_ms + 1, steps.size() - first, -left, 0});
  }
  std::ranges::sort(steps, {}, [](const Step& step) { return std::pair(step.time_ms, step.slot); });
  return steps;
}

// The levels that the memory had while a sampled one came to be the greatest. A level that drifts by chance
// rises over a height of z standard deviations about z·√(samples that live) times a lifetime (Rice 1944), as
// often as the level without chance is near. That one is not known: it lies between the mean of all and what
// was sampled, by the share of their variance that sampling does not explain. kCrossings makes the intervals
// of some twenty kinds of programs (plateaus, steps, ramps, saws; 8 to 500 live samples; 1 to 300 lifetimes)
// hold the truth 88 to 100 times in a hundred.
class History {
 public:
  History(std::span<const Step> steps, double variance) {
    double sum = 0, level = 0;
    for (const Step& step : steps) {
      moments_.push_back({level, step.allocated_bytes});
      allocated_ += step.allocated_bytes;
      sum += level * step.allocated_bytes;
      most_ = std::max(most_, level += step.bytes);
    }
    if (most_ <= 0 || allocated_ <= 0) return;
    sample_bytes_ = variance / most_;
    mean_ = sum / allocated_;
    double spread = 0;
    for (const MomentBefore& moment : moments_)
      spread += moment.allocated_bytes * (moment.level - mean_) * (moment.level - mean_);
    spread /= allocated_;
    not_by_chance_ = spread > 0 ? std::max(0.0, 1 - sample_bytes_ * mean_ / spread) : 0;
  }

  // Of the greatest level, how often a level of at most `low` bytes rises by chance to it, z deviations
  // above.
  double crossings(double low, double z) const {
    if (sample_bytes_ <= 0) return 0;
    const double height = deviations_below(low);
    double lifetimes = 0;
    for (const MomentBefore& moment : moments_) {
      const double level = mean_ + not_by_chance_ * (moment.level - mean_);
      const double depth = deviations_below(std::min(level, low));
      lifetimes += moment.allocated_bytes / most_ * std::exp((height * height - depth * depth) / 2);
    }
    return kCrossings * std::max(z, 0.0) * std::sqrt(most_ / sample_bytes_) * lifetimes;
  }

 private:
  struct MomentBefore {
    double level, allocated_bytes;
  };
  double deviations_below(double level) const {
    return (most_ - level) / std::sqrt(sample_bytes_ * std::max(level, sample_bytes_));
  }

  std::vector<MomentBefore> moments_;
  double most_ = 0, allocated_ = 0, mean_ = 0, not_by_chance_ = 0;
  double sample_bytes_ = 0;  // what one more sample adds
};

}  // namespace

Moment shared_peak(std::span<const Profile> profiles) {
  if (profiles.size() == 1) return {Moment::Kind::peak};
  const std::vector<Step> steps = steps_of(profiles);
  double bytes = 0;
  double most = 0;
  Moment peak{Moment::Kind::exit, 0};
  for (std::size_t i = 0; i < steps.size(); ++i) {
    bytes += steps[i].bytes;
    if (bytes <= most || (i + 1 < steps.size() && steps[i + 1].time_ms == steps[i].time_ms)) continue;
    most = bytes;
    peak = {Moment::Kind::time, steps[i].time_ms};
  }
  return peak;
}

Question with_shared_peak(Question question, std::span<const Profile> profiles) {
  const auto settle = [&](Moment& moment) {
    if (moment.kind == Moment::Kind::peak) moment = shared_peak(profiles);
  };
  settle(question.at);
  if (question.since) settle(*question.since);
  return question;
}

double moments_like_the_peak(std::span<const Profile> profiles, const Question& question, const Amount& all) {
  const bool is_peak = question.at.kind == Moment::Kind::peak && question.measure == Measure::living;
  if (!is_peak || all.variance <= 0 || all.bytes <= 0) return 1;
  const History history(steps_of(profiles), all.variance);
  Amount peak{.bytes = all.bytes, .variance = all.variance};
  for (int round = 0; round < kRounds; ++round)
    peak.greatest_of = 1 + history.crossings(interval_95(peak).low, deviations_at_low_end(peak));
  return peak.greatest_of;
}

}  // namespace ullage::heap
