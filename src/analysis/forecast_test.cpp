// SPDX-License-Identifier: Apache-2.0
#include "analysis/forecast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

namespace ullage::analysis {
namespace {

std::vector<Point> curve(int count, const std::function<double(int)>& value) {
  std::vector<Point> points;
  for (int i = 0; i < count; ++i) points.push_back({static_cast<double>(i), value(i)});
  return points;
}

class Noise {
 public:
  explicit Noise(unsigned seed) : engine_(seed) {}
  double operator()(double spread) { return std::normal_distribution<double>(0, spread)(engine_); }

 private:
  std::mt19937 engine_;
};

TEST(Trend, OfAStraightLineIsTheLine) {
  const auto trend = robust_trend(curve(50, [](int i) { return 100 + 3.0 * i; }));
  ASSERT_TRUE(trend);
  EXPECT_NEAR(trend->slope_per_second, 3, 1e-9);
  EXPECT_NEAR(trend->slope_low, 3, 1e-9);
  EXPECT_NEAR(trend->slope_high, 3, 1e-9);
  EXPECT_NEAR(trend->level, 247, 1e-9);
}

TEST(Trend, NeedsEightPointsAndTimeBetweenThem) {
  EXPECT_FALSE(robust_trend(curve(7, [](int i) { return i; })));
  EXPECT_TRUE(robust_trend(curve(8, [](int i) { return i; })));
  EXPECT_FALSE(robust_trend(std::vector<Point>(20, Point{5, 1})));
  EXPECT_FALSE(robust_trend({}));
}

TEST(Trend, LooksThroughAThirdOfNonsense) {
  const auto trend =
      robust_trend(curve(90, [](int i) { return i % 3 == 1 ? (i % 2 == 0 ? 1e9 : -1e9) : 2.0 * i; }));
  ASSERT_TRUE(trend);
  EXPECT_NEAR(trend->slope_per_second, 2, 0.2);
  EXPECT_NEAR(trend->level, 178, 10);
}

TEST(Trend, IgnoresWhatIsNoNumber) {
  auto points = curve(40, [](int i) { return 2.0 * i; });
  points[10].value = std::numeric_limits<double>::quiet_NaN();
  points[20].value = std::numeric_limits<double>::infinity();
  const auto trend = robust_trend(points);
  ASSERT_TRUE(trend);
  EXPECT_NEAR(trend->slope_per_second, 2, 1e-9);
}

TEST(Trend, IntervalHoldsTheTruthMostOfTheTime) {
  int held = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    Noise noise(seed);
    const auto trend = robust_trend(curve(60, [&](int i) { return 0.5 * i + noise(5); }));
    ASSERT_TRUE(trend);
    held += trend->slope_low <= 0.5 && 0.5 <= trend->slope_high ? 1 : 0;
  }
  EXPECT_GE(held, 85);
}

TEST(Trend, OfManyPointsIsThinnedAndStillRight) {
  const auto trend = robust_trend(curve(20'000, [](int i) { return 0.25 * i; }));
  ASSERT_TRUE(trend);
  EXPECT_NEAR(trend->slope_per_second, 0.25, 1e-9);
  EXPECT_NEAR(trend->level, 0.25 * 19'999, 1e-6);
}

TEST(TimeUntil, OfAStraightLineIsExact) {
  const auto until = time_until(1000, curve(60, [](int i) { return 10.0 * i; }));
  ASSERT_TRUE(until);
  EXPECT_NEAR(until->seconds, 41, 1e-6);
  EXPECT_NEAR(until->seconds_low, 41, 1e-6);
  ASSERT_TRUE(until->seconds_high);
  EXPECT_NEAR(*until->seconds_high, 41, 1e-6);
}

TEST(TimeUntil, IsZeroWhenThere) {
  const auto until = time_until(500, curve(60, [](int) { return 600.0; }));
  ASSERT_TRUE(until);
  EXPECT_EQ(until->seconds, 0);
}

TEST(TimeUntil, SeesALeakThroughNoise) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Noise noise(seed);
    const auto until = time_until(2000, curve(120, [&](int i) { return 500 + 5.0 * i + noise(20); }));
    ASSERT_TRUE(until) << seed;
    EXPECT_NEAR(until->seconds, (2000 - 1095) / 5.0, 50);
    EXPECT_LE(until->seconds_low, until->seconds);
    EXPECT_GE(*until->seconds_high, until->seconds);
  }
}

TEST(TimeUntil, SeesALeakInSteps) {  // an allocator that grows by whole arenas
  const auto until = time_until(1000, curve(120, [](int i) { return 64.0 * (i / 10); }));
  ASSERT_TRUE(until);
  EXPECT_NEAR(until->seconds, (1000 - 704) / 6.4, 15);
}

TEST(TimeUntil, IsSilentWhereNothingGrows) {
  EXPECT_FALSE(time_until(1000, curve(120, [](int) { return 500.0; })));
  EXPECT_FALSE(time_until(1000, curve(120, [](int i) { return 900.0 - i; })));
  int cries = 0;
  for (unsigned seed = 0; seed < 100; ++seed) {
    Noise noise(seed);
    cries += time_until(1000, curve(120, [&](int) { return 500 + noise(50); })) ? 1 : 0;
  }
  EXPECT_LE(cries, 1);
}

TEST(TimeUntil, IsSilentAfterOneStep) {
  EXPECT_FALSE(time_until(1000, curve(120, [](int i) { return i < 50 ? 100.0 : 800.0; })));
  Noise noise(1);
  EXPECT_FALSE(time_until(1000, curve(120, [&](int i) { return (i < 40 ? 100.0 : 800.0) + noise(3); })));
}

TEST(TimeUntil, IsSilentOnAPlateau) {
  EXPECT_FALSE(time_until(1000, curve(120, [](int i) { return 900 * (1 - std::exp(-i / 5.0)); })));
  Noise noise(2);
  EXPECT_FALSE(
      time_until(1000, curve(120, [&](int i) { return 900 * (1 - std::exp(-i / 10.0)) + noise(5); })));
}

TEST(TimeUntil, DoesNotCryWolfAtAGarbageCollectorsSaw) {
  for (const int period : {6, 10, 17, 25, 30})
    for (int phase = 0; phase < period; ++phase) {
      Noise noise(static_cast<unsigned>(period * 100 + phase));
      const auto saw = [&](int i) { return 300 + 500.0 * ((i + phase) % period) / period + noise(5); };
      EXPECT_FALSE(time_until(1000, curve(120, saw))) << "period " << period << ", phase " << phase;
    }
}

TEST(TimeUntil, SeesTheLeakUnderASaw) {
  const auto until = time_until(2000, curve(120, [](int i) { return 300 + 8.0 * i + 60.0 * (i % 10) / 10; }));
  ASSERT_TRUE(until);
  EXPECT_NEAR(until->seconds, (2000 - 300 - 8.0 * 119 - 27) / 8, 15);
}

}  // namespace
}  // namespace ullage::analysis
