// SPDX-License-Identifier: Apache-2.0
#include "history/store/stretches.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace ullage::history {

std::vector<Stretch> without(std::vector<Stretch> stretches, const std::vector<Stretch>& others) {
  for (const Stretch& other : others) {
    std::vector<Stretch> left;
    for (const Stretch& stretch : stretches) {
      if (other.end_ms < stretch.begin_ms || other.begin_ms > stretch.end_ms) {
        left.push_back(stretch);
        continue;
      }
      if (stretch.begin_ms < other.begin_ms) left.push_back({stretch.begin_ms, other.begin_ms - 1});
      if (stretch.end_ms > other.end_ms) left.push_back({other.end_ms + 1, stretch.end_ms});
    }
    stretches = std::move(left);
  }
  return stretches;
}

void Stretches::add(Stretch stretch) {
  auto next = stretches_.upper_bound(stretch.begin_ms);
  if (next != stretches_.begin()) {
    const auto before = std::prev(next);
    if (before->second + kJoinMs >= stretch.begin_ms) {
      stretch = {before->first, std::max(before->second, stretch.end_ms)};
      next = stretches_.erase(before);
    }
  }
  while (next != stretches_.end() && next->first <= stretch.end_ms) {
    stretch.end_ms = std::max(stretch.end_ms, next->second);
    next = stretches_.erase(next);
  }
  stretches_[stretch.begin_ms] = stretch.end_ms;
}

bool Stretches::contains(std::int64_t time_ms) const {
  const auto after = stretches_.upper_bound(time_ms);
  return after != stretches_.begin() && std::prev(after)->second >= time_ms;
}

}  // namespace ullage::history
