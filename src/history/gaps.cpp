// SPDX-License-Identifier: Apache-2.0
#include "history/gaps.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "history/block.h"
#include "history/series_file.h"

namespace ullage::history {

namespace {

constexpr std::int64_t kMissed = 3;

// The distance to expect after sample `i`: the one before it, or, after a gap, the next one.
std::int64_t expected_ms(const std::vector<Sample>& samples, std::size_t i, bool after_gap) {
  if (i > 0 && !after_gap) return samples[i].time_ms - samples[i - 1].time_ms;
  if (i + 2 < samples.size()) return samples[i + 2].time_ms - samples[i + 1].time_ms;
  return 0;
}

// After which sample a marker stands, and when.
using Markers = std::vector<std::pair<std::size_t, std::int64_t>>;

Markers markers_between(const std::vector<Sample>& samples) {
  Markers markers;
  bool after_gap = false;
  for (std::size_t i = 0; i + 1 < samples.size(); ++i) {
    const std::int64_t distance = samples[i + 1].time_ms - samples[i].time_ms;
    const std::int64_t expected = expected_ms(samples, i, after_gap);
    after_gap = expected > 0 && distance > kMissed * expected;
    if (after_gap) markers.emplace_back(i, samples[i].time_ms + expected);
  }
  return markers;
}

// The last distance that is no gap.
std::int64_t last_distance_ms(const std::vector<Sample>& samples, const Markers& markers,
                              std::int64_t otherwise) {
  std::size_t gaps = markers.size();
  for (std::size_t i = samples.size() - 1; i-- > 0;) {
    if (gaps == 0 || markers[gaps - 1].first != i) return samples[i + 1].time_ms - samples[i].time_ms;
    --gaps;
  }
  return otherwise;
}

}  // namespace

void Spacing::add(std::int64_t distance_ms) {
  least_ms = std::min(least_ms, distance_ms);
  greatest_ms = std::max(greatest_ms, distance_ms);
}

void Spacing::add(std::span<const Sample> samples) {
  for (std::size_t i = 1; i < samples.size(); ++i) add(samples[i].time_ms - samples[i - 1].time_ms);
}

void Spacing::add(const Spacing& other) {
  least_ms = std::min(least_ms, other.least_ms);
  greatest_ms = std::max(greatest_ms, other.greatest_ms);
}

// What is expected after a sample is never less than the least distance.
bool Spacing::may_have_gaps() const { return least_ms <= greatest_ms / kMissed; }

void mark_gaps(std::vector<Sample>& samples, std::int64_t newest_ms, std::int64_t tick_ms) {
  Spacing spacing;
  spacing.add(samples);
  mark_gaps(samples, spacing, newest_ms, tick_ms);
}

void mark_gaps(std::vector<Sample>& samples, const Spacing& spacing, std::int64_t newest_ms,
               std::int64_t tick_ms) {
  if (samples.empty()) return;
  Markers markers;
  if (spacing.may_have_gaps()) markers = markers_between(samples);
  const std::int64_t usual = last_distance_ms(samples, markers, tick_ms);
  if (usual > 0 && newest_ms - samples.back().time_ms > kMissed * usual)
    markers.emplace_back(samples.size() - 1, samples.back().time_ms + usual);
  if (markers.empty()) return;

  std::vector<Sample> marked;
  marked.reserve(samples.size() + markers.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    marked.push_back(samples[i]);
    if (next == markers.size() || markers[next].first != i) continue;
    const std::int64_t due_ms = markers[next++].second;
    if (!is_absent(samples[i].value)) marked.push_back({due_ms, kAbsent});  // else it is marked already
  }
  samples = std::move(marked);
}

}  // namespace ullage::history
