// SPDX-License-Identifier: Apache-2.0
// How fast a size grows, in bytes a minute, over the last minutes: the median of the slopes between every two
// of a few points (Theil 1950, Sen 1968), which one peak or one garbage collection does not move. Pure.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace ullage::sense {

class Growth {
 public:
  // May be called at any pace; a point is kept each half minute.
  void add(std::chrono::nanoseconds now, std::uint64_t bytes);
  // When the next point is due.
  std::chrono::nanoseconds due() const { return next_at_; }
  // Absent until there are three points.
  std::optional<double> bytes_per_minute() const { return slope_; }
  // For how long it has risen by more than 64 KiB a minute; absent while it does not.
  std::optional<std::chrono::nanoseconds> rising_for(std::chrono::nanoseconds now) const;

 private:
  static constexpr std::size_t kPoints = 9;  // four minutes
  struct Point {
    float minutes;
    float bytes;
  };
  void renew();
  Point last_before_the_rise() const;

  std::array<Point, kPoints> points_{};  // the oldest is overwritten
  std::size_t count_ = 0, next_ = 0;
  std::chrono::nanoseconds began_{0}, next_at_{0};
  std::optional<double> slope_;
  std::optional<float> rising_since_minutes_;
};

}  // namespace ullage::sense
