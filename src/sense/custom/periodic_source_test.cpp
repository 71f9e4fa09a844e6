// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/periodic_source.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "sense/custom/custom_reading.h"

namespace ullage::sense {
namespace {

using namespace std::chrono_literals;

// Spins until there is a reading that the condition holds for; ten seconds at most.
template <class Condition>
bool comes_to(const PeriodicSource& source, Condition condition) {
  const SystemClock clock;
  for (const auto begin = clock.monotonic(); clock.monotonic() - begin < 10s; std::this_thread::yield())
    if (const auto newest = source.newest(); newest && condition(*newest)) return true;
  return false;
}

TEST(PeriodicSource, GivesTheNewestReading) {
  const SystemClock clock;
  auto number = std::make_shared<std::atomic<int>>(0);
  const PeriodicSource source("test", 1ms, clock, [number](const std::stop_token&) {
    return CustomReading{.values = {{{"a", {}}, static_cast<double>(++*number)}}};
  });
  EXPECT_TRUE(comes_to(source, [](const CustomReading& reading) { return reading.values[0].value >= 3; }));
}

TEST(PeriodicSource, EndsInTheMiddleOfItsWorkAndItsRest) {
  const SystemClock clock;
  const PeriodicSource resting("rests", 1h, clock, [](const std::stop_token&) { return CustomReading(); });
  const PeriodicSource working("works", 1h, clock, [](const std::stop_token& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
    return CustomReading();
  });
  EXPECT_TRUE(comes_to(resting, [](const CustomReading&) { return true; }));
}  // in less than a test's time

TEST(PeriodicSource, TriesAgainLaterAndLater) {
  EXPECT_EQ(retry_after(1s, 0), 1s);
  EXPECT_EQ(retry_after(1s, 3), 8s);
  EXPECT_EQ(retry_after(1s, 30), 60s);
  EXPECT_EQ(retry_after(5min, 3), 5min);
}

TEST(PeriodicSource, WorkThatDoesNotComeBackIsAnError) {
  ManualClock clock;
  auto is_over = std::make_shared<std::atomic<bool>>(false);
  auto has_begun = std::make_shared<std::atomic<bool>>(false);
  {
    const PeriodicSource source("hangs", 1s, clock, [=](const std::stop_token&) {
      *has_begun = true;
      while (!*is_over) std::this_thread::yield();
      return CustomReading();
    });
    while (!*has_begun) std::this_thread::yield();
    EXPECT_EQ(source.newest(), nullptr);
    clock.advance(31s);
    ASSERT_NE(source.newest(), nullptr);
    EXPECT_EQ(source.newest()->error, "what is read does not answer");
    *is_over = true;
  }
}

}  // namespace
}  // namespace ullage::sense
