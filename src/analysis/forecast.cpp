// SPDX-License-Identifier: Apache-2.0
#include "analysis/forecast.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace ullage::analysis {

namespace {

constexpr std::size_t kPointsMin = 8;
// All pairs are looked at: 7,140 of these.
constexpr std::size_t kPointsMax = 120;
constexpr double kNormal95 = 1.959964;
// A trend says nothing of what is this many times further away than it was watched.
constexpr double kReach = 100;

// Finite ones, evenly picked, the first and the last among them.
std::vector<Point> thin(std::span<const Point> points) {
  std::vector<Point> finite;
  for (const Point& point : points)
    if (std::isfinite(point.seconds) && std::isfinite(point.value)) finite.push_back(point);
  if (finite.size() <= kPointsMax) return finite;
  std::vector<Point> picked;
  for (std::size_t i = 0; i < kPointsMax; ++i)
    picked.push_back(finite[i * (finite.size() - 1) / (kPointsMax - 1)]);
  return picked;
}

// values is put in another order.
double nth(std::vector<double>& values, std::size_t n) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(n);
  std::ranges::nth_element(values, at);
  return *at;
}
double median(std::vector<double>& values) {
  const double upper = nth(values, values.size() / 2);
  return values.size() % 2 == 1 ? upper : (upper + nth(values, values.size() / 2 - 1)) / 2;
}

// How much fewer independent points there are than points, since neighbours are alike: (1 + r) / (1 - r) with
// the residuals' autocorrelation r at lag 1 (Yue and Wang 2004). It is what keeps the teeth of a garbage
// collector's saw, or a plateau's slow wandering, from being taken for a trend.
double redundancy(std::span<const Point> points, double slope, double intercept) {
  std::vector<double> residuals;
  double mean = 0;
  for (const Point& point : points) {
    residuals.push_back(point.value - intercept - slope * point.seconds);
    mean += residuals.back() / static_cast<double>(points.size());
  }
  double variance = 0;
  double covariance = 0;
  double scale = 0;
  for (std::size_t i = 0; i < residuals.size(); ++i) {
    variance += (residuals[i] - mean) * (residuals[i] - mean);
    if (i > 0) covariance += (residuals[i] - mean) * (residuals[i - 1] - mean);
    scale = std::max(scale, std::fabs(points[i].value));
  }
  // A straight line leaves nothing but rounding.
  if (variance <= 1e-18 * scale * scale * static_cast<double>(points.size())) return 1;
  const double correlation = std::clamp(covariance / variance, 0.0, 0.99);
  return (1 + correlation) / (1 - correlation);
}

}  // namespace

std::optional<Trend> robust_trend(std::span<const Point> all) {
  const std::vector<Point> points = thin(all);
  if (points.size() < kPointsMin) return std::nullopt;
  std::vector<double> slopes;
  slopes.reserve(points.size() * (points.size() - 1) / 2);
  for (std::size_t i = 0; i < points.size(); ++i)
    for (std::size_t j = i + 1; j < points.size(); ++j) {
      const double seconds = points[j].seconds - points[i].seconds;
      if (seconds != 0) slopes.push_back((points[j].value - points[i].value) / seconds);
    }
  if (slopes.empty()) return std::nullopt;

  Trend trend{};
  trend.slope_per_second = median(slopes);
  std::vector<double> intercepts;
  for (const Point& point : points)
    intercepts.push_back(point.value - trend.slope_per_second * point.seconds);
  const double intercept = median(intercepts);
  const double last = std::ranges::max(points, {}, &Point::seconds).seconds;
  trend.level = intercept + trend.slope_per_second * last;

  // Sen 1968: the variance of Kendall's S without ties is n(n-1)(2n+5)/18.
  const auto n = static_cast<double>(points.size());
  const double variance =
      n * (n - 1) * (2 * n + 5) / 18 * redundancy(points, trend.slope_per_second, intercept);
  const auto pairs = static_cast<double>(slopes.size());
  const double half_width = kNormal95 * std::sqrt(variance);
  const double low = std::floor((pairs - half_width) / 2) - 1;
  const double high = std::ceil((pairs + half_width) / 2);
  trend.slope_low = nth(slopes, static_cast<std::size_t>(std::clamp(low, 0.0, pairs - 1)));
  trend.slope_high = nth(slopes, static_cast<std::size_t>(std::clamp(high, 0.0, pairs - 1)));
  return trend;
}

std::optional<TimeUntil> time_until(double limit, std::span<const Point> points) {
  const auto whole = robust_trend(points);
  if (!whole) return std::nullopt;
  // What has levelled off, or jumped once, has a slope over the whole and none over its later half.
  const auto later = robust_trend(points.subspan(points.size() / 2));
  const Trend& recent = later ? *later : *whole;
  if (recent.level >= limit) return TimeUntil{0, 0, 0};
  if (!(whole->slope_low > 0 && recent.slope_low > 0)) return std::nullopt;

  const double room = limit - recent.level;
  const auto [first, last] = std::ranges::minmax(points, {}, &Point::seconds);
  const double reach = kReach * (last.seconds - first.seconds);
  TimeUntil until{};
  until.seconds = room / recent.slope_per_second;
  if (until.seconds > reach) return std::nullopt;
  until.seconds_low = room / std::max(whole->slope_high, recent.slope_high);
  const double slowest = room / std::min(whole->slope_low, recent.slope_low);
  if (slowest <= reach) until.seconds_high = slowest;
  return until;
}

}  // namespace ullage::analysis
