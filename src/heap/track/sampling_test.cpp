// SPDX-License-Identifier: Apache-2.0
#include "heap/track/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace ullage::heap::track {
namespace {

TEST(Sampling, KnowsLogarithmAndExponentialWithoutTheLibrary) {
  for (const double x : {1e-9, 0.001, 0.3, 0.7071, 1.0, 1.5, 10.0, 12345.678}) {
    EXPECT_NEAR(logarithm(x), std::log(x), 1e-9 * std::max(1.0, std::abs(std::log(x)))) << x;
    EXPECT_NEAR(one_minus_exp(x), -std::expm1(-x), 1e-9) << x;
  }
}

TEST(Sampling, DistancesAreExponentialWithTheirMean) {
  std::uint64_t random = 42;
  constexpr int kDraws = 200'000;
  constexpr double kMean = 1 << 19;
  double sum = 0;
  int beyond = 0;
  for (int i = 0; i < kDraws; ++i) {
    const auto distance = static_cast<double>(draw_distance(random, 1 << 19));
    ASSERT_GE(distance, 1);
    sum += distance;
    beyond += distance > kMean ? 1 : 0;
  }
  EXPECT_NEAR(sum / kDraws / kMean, 1, 0.01);
  EXPECT_NEAR(static_cast<double>(beyond) / kDraws, std::exp(-1), 0.005);
}

// A stream of blocks of one size, sampled as the recorder does: what the samples stand for is what there was.
TEST(Sampling, EstimatesAreUnbiasedForSmallBlocksAndLarge) {
  for (const std::uint64_t size : {16u, 4000u, 500'000u, 5'000'000u}) {
    std::uint64_t random = size;
    const int blocks = size < 1000 ? 20'000'000 : 400'000;
    constexpr std::uint64_t kMean = 64 << 10;
    std::int64_t countdown = draw_distance(random, kMean);
    double bytes = 0, variance = 0;
    for (int i = 0; i < blocks; ++i) {
      countdown -= static_cast<std::int64_t>(size);
      if (countdown > 0) continue;
      const Weight weight = weigh(size, kMean);
      bytes += weight.count * static_cast<double>(size);
      variance += weight.variance;
      countdown = draw_distance(random, kMean);
    }
    const double truth = static_cast<double>(blocks) * static_cast<double>(size);
    EXPECT_LE(std::abs(bytes - truth), 4 * std::sqrt(variance) + 1) << size;
  }
}

}  // namespace
}  // namespace ullage::heap::track
