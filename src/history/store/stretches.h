// SPDX-License-Identifier: Apache-2.0
// Which times have been told: stretches from a first to a last tick. A tick less than a minute after a
// stretch makes it longer, so that a late tick finds its time told; an hour's suspend or a jump of the clock
// begins another.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

namespace ullage::history {

struct Stretch {
  std::int64_t begin_ms;  // both inclusive
  std::int64_t end_ms;
};

// Stretches, what others tell of taken out.
std::vector<Stretch> without(std::vector<Stretch> stretches, const std::vector<Stretch>& others);

class Stretches {
 public:
  static constexpr std::int64_t kJoinMs = 60'000;

  void add(Stretch stretch);
  bool contains(std::int64_t time_ms) const;

 private:
  std::map<std::int64_t, std::int64_t> stretches_;  // begin to end
};

}  // namespace ullage::history
