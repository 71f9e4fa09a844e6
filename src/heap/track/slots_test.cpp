// SPDX-License-Identifier: Apache-2.0
#include "heap/track/slots.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/heap_file_fixture.h"

namespace ullage::heap::track {
namespace {

constexpr std::int64_t kMs = 1'000'000, kSecond = 1000 * kMs, kMiB = 1 << 20;
constexpr std::int64_t kYear = std::int64_t{365} * 86'400 * kSecond;

class SlotsTest : public HeapFileTest {
 protected:
  SlotsTest() {
    begin(file_);
    slots_.write_to(*file_.header(), 0);
  }
  HeapFile file_;
  Slots slots_;
};

TEST_F(SlotsTest, OneIsTenMillisecondsWideAtFirst) {
  for (std::int64_t now = 0; now < 100 * kMs; now += kMs) slots_.look_at_clock(now);
  EXPECT_EQ(slots_.current(), 9u);
  EXPECT_EQ(file_.header()->slots[0].monotonic_ns, 10 * kMs);
  EXPECT_EQ(file_.header()->slots[9].monotonic_ns, 0);
}

TEST_F(SlotsTest, AYearHasRoomAndTheBeginningStaysFine) {
  for (std::int64_t now = 0; now < 3 * kSecond; now += kMs) slots_.look_at_clock(now);
  EXPECT_GT(slots_.current(), 250u);
  for (std::int64_t now = 3 * kSecond; now < kYear; now += now / 5000) slots_.look_at_clock(now);
  EXPECT_LT(slots_.current(), file::kSlotsMax - 1);
  EXPECT_GT(slots_.current(), 4000u);
}

TEST_F(SlotsTest, TheyWidenEarlierWhenMuchIsLogged) {
  for (int i = 1; i <= 100; ++i) {
    slots_.logged(1 << 20);
    slots_.look_at_clock(std::int64_t{i} * 10 * kMs);
  }
  EXPECT_LT(slots_.current(), 20u);
}

TEST_F(SlotsTest, TheMomentAfterTheGreatestExtentEndsASlot) {
  slots_.live_changed(100 * kMiB, kMs);
  slots_.live_changed(-kMiB, 2 * kMs);
  EXPECT_EQ(slots_.current(), 1u);
  EXPECT_EQ(file_.header()->slots[0].monotonic_ns, 2 * kMs);
  slots_.live_changed(-50 * kMiB, 3 * kMs);
  slots_.live_changed(20 * kMiB, 4 * kMs);  // less than before
  slots_.live_changed(-20 * kMiB, 5 * kMs);
  EXPECT_EQ(slots_.current(), 1u);
}

TEST_F(SlotsTest, MappedMemoryThatGoesEndsOneAsBlocksDo) {
  slots_.live_changed(10 * kMiB, kMs);
  slots_.mapped(100 * kMiB);
  EXPECT_EQ(slots_.current(), 0u);
  slots_.unmapped(100 * kMiB, 2 * kMs);
  EXPECT_EQ(slots_.current(), 1u);
  slots_.mapped(100 * kMiB);
  slots_.unmapped(100 * kMiB, 3 * kMs);  // as much as before
  EXPECT_EQ(slots_.current(), 1u);
}

TEST_F(SlotsTest, WhatIsMappedAndCutAtOnceIsNoPeak) {
  slots_.mapped(100 * kMiB);
  slots_.cut(90 * kMiB);
  slots_.live_changed(4 * kMiB, kMs);
  slots_.unmapped(10 * kMiB, 2 * kMs);
  EXPECT_EQ(slots_.current(), 1u);  // of 14 MiB
  slots_.live_changed(11 * kMiB, 3 * kMs);
  slots_.live_changed(-kMiB, 4 * kMs);
  EXPECT_EQ(slots_.current(), 2u);  // of 15 MiB
}

TEST_F(SlotsTest, BesideAGreatMappingThePeakOfBlocksIsOne) {
  slots_.mapped(kMiB << 20);
  slots_.live_changed(kMiB, kMs);
  slots_.live_changed(-kMiB / 2, 2 * kMs);
  EXPECT_EQ(slots_.current(), 1u);
}

}  // namespace
}  // namespace ullage::heap::track
