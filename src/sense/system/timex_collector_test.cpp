// SPDX-License-Identifier: Apache-2.0
#include "sense/system/timex_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/timex.h>

#include "base/os_root.h"
#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using testing::HasSubstr;

TEST(Timex, IsGivenInSecondsAndRatios) {
  timex clock{};
  clock.offset = 1500;
  clock.freq = 65536L * 10;  // ten parts per million
  clock.maxerror = 16'000'000;
  clock.tick = 10'000;
  clock.tai = 37;
  LinesFrame frame;
  add_timex(clock, TIME_OK, frame);
  EXPECT_THAT(frame.text, HasSubstr("node_timex_offset_seconds 0.0015\n"));
  EXPECT_THAT(frame.text, HasSubstr("node_timex_frequency_adjustment_ratio 1.00001\n"));
  EXPECT_THAT(frame.text, HasSubstr("node_timex_maxerror_seconds 16\n"));
  EXPECT_THAT(frame.text, HasSubstr("node_timex_tick_seconds 0.01\n"));
  EXPECT_THAT(frame.text, HasSubstr("node_timex_tai_offset_seconds 37\n"));
  EXPECT_THAT(frame.text, HasSubstr("node_timex_sync_status 1\n"));
}

TEST(Timex, ReadsNanosecondsWhereTheKernelCountsThem) {
  timex clock{};
  clock.offset = 1500;
  clock.status = STA_NANO;
  LinesFrame frame;
  add_timex(clock, TIME_ERROR, frame);
  EXPECT_THAT(frame.text, HasSubstr("node_timex_offset_seconds 1.5e-06\n"));
  EXPECT_THAT(frame.text, HasSubstr("node_timex_sync_status 0\n"));
}

TEST(TimexCollector, SpeaksOfTheLiveMachineOnly) {
  EXPECT_EQ(collected<TimexCollector>(Fixture()), "error: adjtimex: only the live machine has a clock\n");
  TimexCollector live(OsRoot::live());
  EXPECT_THAT(collect_lines(live), HasSubstr("node_timex_tick_seconds "));
}

}  // namespace
}  // namespace ullage::sense
