// SPDX-License-Identifier: Apache-2.0
#include "history/gaps.h"

#include <cstddef>
#include <cstdint>
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

}  // namespace

void mark_gaps(std::vector<Sample>& samples, std::int64_t newest_ms, std::int64_t tick_ms) {
  if (samples.empty()) return;
  std::vector<std::pair<std::size_t, std::int64_t>> markers;  // after which sample, and when
  bool after_gap = false;
  std::int64_t usual = tick_ms;
  for (std::size_t i = 0; i + 1 < samples.size(); ++i) {
    const std::int64_t distance = samples[i + 1].time_ms - samples[i].time_ms;
    const std::int64_t expected = expected_ms(samples, i, after_gap);
    after_gap = expected > 0 && distance > kMissed * expected;
    if (after_gap)
      markers.emplace_back(i, samples[i].time_ms + expected);
    else
      usual = distance;
  }
  if (usual > 0 && newest_ms - samples.back().time_ms > kMissed * usual)
    markers.emplace_back(samples.size() - 1, samples.back().time_ms + usual);
  if (markers.empty()) return;

  std::vector<Sample> marked;
  marked.reserve(samples.size() + markers.size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    marked.push_back(samples[i]);
    if (next < markers.size() && markers[next].first == i)
      marked.push_back({markers[next++].second, kAbsent});
  }
  samples = std::move(marked);
}

}  // namespace ullage::history
