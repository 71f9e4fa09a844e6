// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/growth.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace ullage::sense {
namespace {

using std::chrono::seconds;
constexpr std::uint64_t kMiB = 1 << 20;

TEST(Growth, IsAbsentUntilItCanBeTold) {
  Growth growth;
  for (int second = 0; second < 60; ++second) growth.add(seconds(second), kMiB);
  EXPECT_FALSE(growth.bytes_per_minute());
  growth.add(seconds(60), kMiB);
  EXPECT_EQ(growth.bytes_per_minute(), 0);
}

TEST(Growth, IsTheSlopeOfASteadyRise) {
  Growth growth;
  for (int second = 0; second < 600; ++second)
    growth.add(seconds(second), 100 * kMiB + static_cast<std::uint64_t>(second) * kMiB);
  EXPECT_NEAR(*growth.bytes_per_minute(), 60.0 * kMiB, 0.1 * kMiB);
}

TEST(Growth, IsNotMovedByOnePeakNorByOneCollection) {
  Growth growth;
  for (int second = 0; second < 240; ++second) {
    std::uint64_t bytes = 500 * kMiB;
    if (second >= 90 && second < 120) bytes = 900 * kMiB;
    if (second >= 150 && second < 180) bytes = 100 * kMiB;
    growth.add(seconds(second), bytes);
  }
  EXPECT_EQ(growth.bytes_per_minute(), 0);
}

TEST(Growth, TellsSinceWhenItHasRisen) {
  Growth growth;
  int second = 0;
  for (; second < 600; ++second) growth.add(seconds(second), 100 * kMiB);
  EXPECT_FALSE(growth.rising_for(seconds(second)));
  for (; second < 3600; ++second)
    growth.add(seconds(second), static_cast<std::uint64_t>(second - 500) * kMiB);
  ASSERT_TRUE(growth.rising_for(seconds(second)));
  EXPECT_NEAR(to_seconds(*growth.rising_for(seconds(second))), 3000, 30);
  for (; second < 3900; ++second) growth.add(seconds(second), 3100 * kMiB);
  EXPECT_FALSE(growth.rising_for(seconds(second)));
}

TEST(Growth, ForgetsWhatIsMinutesAgo) {
  Growth growth;
  for (int second = 0; second < 300; ++second)
    growth.add(seconds(second), static_cast<std::uint64_t>(second) * kMiB);
  for (int second = 300; second < 600; ++second) growth.add(seconds(second), 300 * kMiB);
  EXPECT_EQ(growth.bytes_per_minute(), 0);
}

}  // namespace
}  // namespace ullage::sense
