// SPDX-License-Identifier: Apache-2.0
// When will this reach that? A robust trend (Theil–Sen slope: half of the points may be nonsense) over
// samples, and the time until it meets a limit, with an interval. Values in, verdict out.
#pragma once

#include <optional>
#include <span>

namespace ullage::analysis {

struct Point {
  double seconds;
  double value;
};

struct Trend {
  double slope_per_second;
  double slope_low;  // 95 % interval of the slope (Sen 1968, normal approximation)
  double slope_high;
  double level;  // the fitted value at the last point
};

struct TimeUntil {
  double seconds;                      // by the slope itself
  double seconds_low;                  // by the steepest slope of the interval
  std::optional<double> seconds_high;  // by the flattest; absent when that never arrives
};

// Absent with fewer than eight points or no time between them.
std::optional<Trend> robust_trend(std::span<const Point> points);
// Absent when the trend does not point at the limit beyond doubt (the interval's flattest slope is not
// positive). 0 seconds when the level is already there.
std::optional<TimeUntil> time_until(double limit, std::span<const Point> points);

}  // namespace ullage::analysis
