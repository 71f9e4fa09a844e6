// SPDX-License-Identifier: Apache-2.0
#include "analysis/growth.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "analysis/forecast.h"

namespace ullage::analysis {
namespace {

using Kind = GrowthKind;
using Curve = std::function<double(double seconds)>;
constexpr GrowthScale kMegabytes{.least_rise = 8, .least_share = 0.05};

std::vector<Point> sampled(double seconds, const Curve& curve, int count = 400) {
  std::vector<Point> points;
  for (int i = 0; i <= count; ++i) {
    const double at = seconds * i / count;
    points.push_back({at, curve(at)});
  }
  return points;
}
GrowthVerdict judged(double seconds, const Curve& curve, const std::vector<PhaseSpan>& phases = {},
                     int count = 400) {
  return judge_growth(sampled(seconds, curve, count), phases, kMegabytes);
}

class Noise {
 public:
  explicit Noise(unsigned seed) : engine_(seed) {}
  double operator()(double spread) { return std::normal_distribution<double>(0, spread)(engine_); }

 private:
  std::mt19937 engine_;
};

double saw(double seconds, double period) { return std::fmod(seconds, period) / period; }
double step_at(double seconds, double at) { return seconds >= at ? 1 : 0; }

// Megabytes over seconds, in two minutes.
struct Case {
  const char* name;
  Kind wanted;
  Curve curve;
  std::vector<PhaseSpan> phases = {};
};

const std::vector<PhaseSpan> kThreePhases = {{"load", 0, 30}, {"train", 30, 90}, {"evaluate", 90, 120}};

std::vector<PhaseSpan> epochs(int count) {
  std::vector<PhaseSpan> phases;
  for (int i = 0; i < count; ++i) phases.push_back({"epoch", 120.0 * i / count, 120.0 * (i + 1) / count});
  return phases;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      // What grows.
      {"a straight line", Kind::growing, [](double s) { return 100 + s; }},
      {"a slow line over much", Kind::growing, [](double s) { return 400 + 0.5 * s; }},
      {"whole arenas", Kind::growing, [](double s) { return 100 + 16 * std::floor(s / 8); }},
      {"arenas with a wait between", Kind::growing, [](double s) { return 64 * std::floor(s / 11); }},
      {"a saw whose floor rises", Kind::growing, [](double s) { return 100 + s + 60 * saw(s, 7); }},
      {"a slow saw whose floor rises", Kind::growing, [](double s) { return 100 + 2 * s + 80 * saw(s, 13); }},
      {"a saw whose teeth grow too", Kind::growing, [](double s) { return 100 + s + s * saw(s, 5); }},
      {"a warm-up, then a leak", Kind::growing,
       [](double s) { return 300 * std::min(s, 10.0) / 10 + 0.8 * s; }},
      {"a leak that begins after a third", Kind::growing,
       [](double s) { return 200 + 3 * std::max(0.0, s - 40); }},
      {"growth that quickens", Kind::growing, [](double s) { return 50 + 0.02 * s * s; }},
      {"a jump within a leak", Kind::growing, [](double s) { return 100 + 2 * s + 100 * step_at(s, 20); }},
      {"a leak that is freed at the exit", Kind::growing,
       [](double s) { return s > 118 ? 20 : 100 + 2 * s; }},
      {"a leak through three phases", Kind::growing, [](double s) { return 100 + s; }, kThreePhases},
      {"a leak through phases with levels of their own", Kind::growing,
       [](double s) { return 100 + s + 300 * step_at(s, 30) - 250 * step_at(s, 90); }, kThreePhases},
      {"what each epoch leaves behind", Kind::growing,
       [](double s) { return 100 + 12 * std::floor(s / 10) + 50 * saw(s, 10); }, epochs(12)},
      {"what each of five epochs leaves behind", Kind::growing,
       [](double s) { return 100 + 1.5 * s + 40 * saw(s, 24); }, epochs(5)},
      {"a leak in the phase that is most of the run",
       Kind::growing,
       [](double s) { return s < 15 ? 20 * s : 300 + 2 * (s - 15); },
       {{"load", 0, 15}, {"serve", 15, 120}}},
      {"a leak, then a short phase that keeps it",
       Kind::growing,
       [](double s) { return std::min(100 + 2 * s, 300.0); },
       {{"serve", 0, 106}, {"close", 106, 120}}},
      // What does not.
      {"a flat line", Kind::steady, [](double) { return 500; }},
      {"nothing at all", Kind::steady, [](double) { return 0; }},
      {"an allocator's creep", Kind::steady, [](double s) { return 16 + 0.02 * s; }},
      {"a creep over much", Kind::steady, [](double s) { return 4000 + s; }},
      {"a falling line", Kind::steady, [](double s) { return 500 - s; }},
      {"a saw", Kind::steady, [](double s) { return 100 + 200 * saw(s, 9); }},
      {"a slow saw", Kind::steady, [](double s) { return 100 + 200 * saw(s, 29.5); }},
      {"a cache that fills", Kind::settled, [](double s) { return 50 + 10 * std::min(s, 50.0); }},
      {"a cache that saturates", Kind::settled, [](double s) { return 900 * (1 - std::exp(-s / 20)); }},
      {"a warm-up, then flat", Kind::settled, [](double s) { return 40 + 300 * std::min(s / 12, 1.0); }},
      {"one step", Kind::settled, [](double s) { return 100 + 400 * step_at(s, 45); }},
      {"a ring buffer", Kind::settled, [](double s) { return 64 * std::min(std::floor(s / 5), 8.0); }},
      {"a cache that fills under a saw", Kind::settled,
       [](double s) { return 50 + 10 * std::min(s, 45.0) + 60 * saw(s, 6); }},
      {"three phases with levels of their own", Kind::settled,
       [](double s) { return 100 + 300 * step_at(s, 30) + 200 * step_at(s, 90); }, kThreePhases},
      {"four phases that each warm up",
       Kind::settled,
       [](double s) { return 100 * std::floor(s / 30) + 100 * std::min(std::fmod(s, 30) / 5, 1.0); },
       {{"a", 0, 30}, {"b", 30, 60}, {"c", 60, 90}, {"d", 90, 120}}},
      {"a phase that loads for half of the run",
       Kind::settled,
       [](double s) { return 5 * std::min(s, 60.0); },
       {{"load", 0, 60}, {"train", 60, 120}}},
      // Honest doubt.
      {"an index that grows with the logarithm", Kind::unclear,
       [](double s) { return 100 + 80 * std::log(1 + s); }},
      {"growth that slows", Kind::unclear, [](double s) { return 900 * (1 - std::exp(-s / 60)); }},
      {"a step near the end", Kind::unclear, [](double s) { return 100 + 400 * step_at(s, 100); }},
      {"two steps", Kind::unclear, [](double s) { return 100 * (step_at(s, 40) + step_at(s, 95)); }},
      {"what a phase grew by and gave back",
       Kind::unclear,
       [](double s) { return s < 106 ? 100 + 2 * s : 100; },
       {{"serve", 0, 106}, {"close", 106, 120}}},
  };
  return all;
}

TEST(GrowthVerdict, OfCurvesThatPeopleKnow) {
  ASSERT_GE(cases().size(), 30u);
  for (const Case& one : cases()) {
    const GrowthVerdict verdict = judged(120, one.curve, one.phases);
    EXPECT_EQ(name_of(verdict.kind), name_of(one.wanted))
        << one.name << ", doubt " << static_cast<int>(verdict.doubt);
    EXPECT_EQ(verdict.confidence > 0, verdict.kind != Kind::unclear) << one.name;
    EXPECT_LE(verdict.confidence, 1) << one.name;
  }
}

TEST(GrowthVerdict, HoldsThroughNoise) {
  for (const Case& one : cases()) {
    if (one.wanted == Kind::unclear) continue;
    int right = 0;
    int cries = 0;
    for (unsigned seed = 0; seed < 20; ++seed) {
      Noise noise(seed);
      const auto verdict = judged(120, [&](double s) { return one.curve(s) + noise(3); }, one.phases);
      right += verdict.kind == one.wanted ? 1 : 0;
      cries += verdict.kind == Kind::growing && one.wanted != Kind::growing ? 1 : 0;
    }
    EXPECT_GE(right, 15) << one.name;
    EXPECT_LE(cries, 1) << one.name;
  }
}

TEST(GrowthVerdict, NoiseAloneIsHardlyEverGrowth) {
  int cries = 0;
  for (unsigned seed = 0; seed < 500; ++seed) {
    Noise noise(seed);
    cries += judged(120, [&](double) { return 500 + noise(50); }).kind == Kind::growing ? 1 : 0;
  }
  EXPECT_LE(cries, 2);
}

TEST(GrowthVerdict, ASawIsNoGrowthWhereverItIsCut) {
  for (const double period : {5.0, 11.0, 17.0, 23.0, 30.0, 41.0})
    for (double phase = 0; phase < period; phase += period / 16)
      EXPECT_NE(judged(120, [&](double s) { return 300 + 500 * saw(s + phase, period); }).kind, Kind::growing)
          << period << ' ' << phase;
}

TEST(GrowthVerdict, SaysByHowMuchAndSinceWhen) {
  Noise noise(1);
  const auto verdict = judged(120, [&](double s) { return 200 + 3 * std::max(0.0, s - 40) + noise(2); });
  ASSERT_EQ(verdict.kind, Kind::growing);
  EXPECT_NEAR(verdict.rate_per_second, 3, 0.3);
  EXPECT_LE(verdict.rate_low, 3);
  EXPECT_GE(verdict.rate_high, 3);
  EXPECT_NEAR(verdict.since_seconds, 40, 12);
  EXPECT_NEAR(verdict.risen, 240, 40);
  EXPECT_NEAR(verdict.level, 440, 15);
  EXPECT_GT(verdict.rises, verdict.quiet_points / 2);
}

TEST(GrowthVerdict, SaysWhenItSettled) {
  const auto verdict = judged(120, [](double s) { return 50 + 10 * std::min(s, 50.0); });
  ASSERT_EQ(verdict.kind, Kind::settled);
  EXPECT_NEAR(verdict.since_seconds, 46, 6);
  EXPECT_NEAR(verdict.risen, 480, 40);
}

TEST(GrowthVerdict, OfAShortRunIsUnclear) {
  for (const double seconds : {0.5, 3.0, 10.0}) {
    const auto verdict = judged(seconds, [](double s) { return 100 * s; });
    EXPECT_EQ(verdict.kind, Kind::unclear);
    EXPECT_EQ(verdict.doubt, GrowthDoubt::too_short);
  }
  EXPECT_EQ(judged(3600, [](double s) { return 100 * s; }, {}, 20).doubt, GrowthDoubt::too_short);
  EXPECT_EQ(judge_growth({}, {}, kMegabytes).doubt, GrowthDoubt::too_short);
}

TEST(GrowthVerdict, IsSurerOfALongRun) {
  const Curve line = [](double s) { return 100 + s; };
  EXPECT_EQ(judged(20, line).kind, Kind::growing);
  EXPECT_LT(judged(20, line).confidence, 0.85);
  EXPECT_GT(judged(600, line).confidence, 0.9);
}

// examples/train.py --leak: what it leaks while it trains goes before it evaluates.
TEST(GrowthVerdict, NamesThePhaseThatGrewAndGaveItBack) {
  const auto verdict =
      judged(120, [](double s) { return s < 30   ? 5 * s
                                        : s < 90 ? 150 + 20 * (s - 30)
                                                 : 20; }, kThreePhases);
  EXPECT_EQ(verdict.kind, Kind::unclear);
  EXPECT_EQ(verdict.doubt, GrowthDoubt::released);
  EXPECT_EQ(verdict.phase, "train");
  EXPECT_NEAR(verdict.rate_per_second, 20, 1);
}

TEST(GrowthVerdict, SaysTheLevelBeforeTheEndOfAll) {
  EXPECT_GE(judged(120, [](double s) { return s > 119 ? 0 : 100 + 200 * saw(s, 7); }).level, 100);
}

TEST(GrowthVerdict, SaysWhyItDoubts) {
  EXPECT_EQ(judged(120, [](double s) { return 900 * (1 - std::exp(-s / 60)); }).doubt, GrowthDoubt::slowing);
  EXPECT_EQ(judged(120, [](double s) { return 100 + 400 * step_at(s, 100); }).doubt, GrowthDoubt::uneven);
  EXPECT_EQ(judged(120, [](double s) { return s < 106 ? 100 + 2 * s : 100; },
                   {{"serve", 0, 106}, {"close", 106, 120}})
                .doubt,
            GrowthDoubt::released);
}

}  // namespace
}  // namespace ullage::analysis
