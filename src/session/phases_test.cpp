// SPDX-License-Identifier: Apache-2.0
#include "session/phases.h"

#include <gtest/gtest.h>

#include <cstddef>

namespace ullage::session {
namespace {

TEST(Phases, EachHasItsOwnPeakAndCpu) {
  Phases phases;
  phases.begin("load", 0, 0.0);
  phases.look(100);
  EXPECT_TRUE(phases.end("load", 1000, 0.5));
  phases.begin("train", 1000, 0.5);
  phases.look(300);
  phases.look(200);
  phases.finish(3000, 2.5);
  const auto list = phases.list(2.5);
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].peak_bytes, 100u);
  EXPECT_DOUBLE_EQ(list[0].cpu_seconds.value(), 0.5);
  EXPECT_EQ(list[1].peak_bytes, 300u);
  EXPECT_DOUBLE_EQ(list[1].cpu_seconds.value(), 2.0);
  EXPECT_EQ(list[1].end_ms, 3000);
}

TEST(Phases, NestAndMayCarryTheSameName) {
  Phases phases;
  phases.begin("epoch", 0, 0);
  phases.begin("epoch", 10, 1);
  phases.look(7);
  EXPECT_TRUE(phases.end("epoch", 20, 3));
  const auto list = phases.list(5);
  EXPECT_EQ(list[1].end_ms, 20);
  EXPECT_FALSE(list[0].end_ms);
  EXPECT_DOUBLE_EQ(list[0].cpu_seconds.value(), 5);  // so far
  EXPECT_EQ(list[0].peak_bytes, 7u);
}

TEST(Phases, EndingWhatNeverBeganIsTold) {
  Phases phases;
  EXPECT_FALSE(phases.end("x", 1, 0));
}

TEST(Phases, AreBounded) {
  Phases phases;
  for (std::size_t i = 0; i < Phases::kLimit + 5; ++i) {
    phases.begin("p", 0, 0);
    phases.end("p", 0, 0);
  }
  EXPECT_EQ(phases.list(0).size(), Phases::kLimit);
  EXPECT_EQ(phases.dropped(), 5u);
}

}  // namespace
}  // namespace ullage::session
