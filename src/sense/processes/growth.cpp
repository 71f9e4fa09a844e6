// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/growth.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ratio>
#include <span>

namespace ullage::sense {

namespace {

constexpr std::chrono::seconds kEvery(30);
constexpr std::size_t kLeastPoints = 3;
constexpr float kRiseBytes = 64 << 10;  // a minute; less is no rise to speak of
using Minutes = std::chrono::duration<float, std::ratio<60>>;

}  // namespace

void Growth::add(std::chrono::nanoseconds now, std::uint64_t bytes) {
  if (count_ == 0) began_ = next_at_ = now;
  if (now < next_at_) return;
  next_at_ = now + kEvery;
  points_[next_] = {.minutes = Minutes(now - began_).count(), .bytes = static_cast<float>(bytes)};
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
  if (*slope_ < kRiseBytes)
    rising_since_minutes_.reset();
  else if (!rising_since_minutes_)
    rising_since_minutes_ = last_before_the_rise().minutes;
}

// The newest of those that hardly differ from the least.
Growth::Point Growth::last_before_the_rise() const {
  const auto points = std::span(points_).first(count_);
  const float least = std::ranges::min(points, {}, &Point::bytes).bytes;
  Point last = points.front();
  float newest = -1;
  for (const Point& point : points)
    if (point.bytes <= least + kRiseBytes && point.minutes > newest) {
      newest = point.minutes;
      last = point;
    }
  return last;
}

std::optional<std::chrono::nanoseconds> Growth::rising_for(std::chrono::nanoseconds now) const {
  if (!rising_since_minutes_) return std::nullopt;
  return now - began_ - std::chrono::duration_cast<std::chrono::nanoseconds>(Minutes(*rising_since_minutes_));
}

}  // namespace ullage::sense
