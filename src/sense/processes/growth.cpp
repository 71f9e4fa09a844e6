// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/growth.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ratio>

namespace ullage::sense {

namespace {

constexpr std::chrono::seconds kEvery(30);
constexpr std::size_t kLeastPoints = 3;

}  // namespace

void Growth::add(std::chrono::nanoseconds now, std::uint64_t bytes) {
  if (count_ == 0) began_ = next_at_ = now;
  if (now < next_at_) return;
  next_at_ = now + kEvery;
  points_[next_] = {.minutes = std::chrono::duration<float, std::ratio<60>>(now - began_).count(),
                    .bytes = static_cast<float>(bytes)};
  next_ = (next_ + 1) % kPoints;
  count_ = std::min(count_ + 1, kPoints);
  if (count_ >= kLeastPoints) renew();
}

void Growth::renew() {
  std::array<float, kPoints*(kPoints - 1) / 2> slopes;
  std::size_t count = 0;
  // In order of time: from the oldest on.
  const std::size_t first = count_ < kPoints ? 0 : next_;
  for (std::size_t i = 0; i < count_; ++i)
    for (std::size_t j = i + 1; j < count_; ++j) {
      const Point& from = points_[(first + i) % kPoints];
      const Point& to = points_[(first + j) % kPoints];
      if (to.minutes > from.minutes) slopes[count++] = (to.bytes - from.bytes) / (to.minutes - from.minutes);
    }
  if (count == 0) return;
  const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(slopes.begin(), middle, slopes.begin() + static_cast<std::ptrdiff_t>(count));
  slope_ = *middle;
}

}  // namespace ullage::sense
