// SPDX-License-Identifier: Apache-2.0
#include "sense/system/time_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/clock.h"
#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using testing::EndsWith;
using testing::StartsWith;

TEST(TimeCollector, GivesTheTimeAndItsSources) {
  const Fixture machine(
      {{"/sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet \n"},
       {"/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n"}});
  const ManualClock clock(1'700'000'000'250);
  TimeCollector collector(machine.root(), clock);
  const std::string lines = collect_lines(collector);
  EXPECT_THAT(lines, StartsWith("node_time_seconds 1700000000.25\n"
                                "node_time_zone_offset_seconds{time_zone=\""));
  EXPECT_THAT(lines, EndsWith("node_time_clocksource_available_info{clocksource=\"tsc\",device=\"0\"} 1\n"
                              "node_time_clocksource_available_info{clocksource=\"hpet\",device=\"0\"} 1\n"
                              "node_time_clocksource_current_info{clocksource=\"tsc\",device=\"0\"} 1\n"));
}

TEST(TimeCollector, NeedsNoSources) {
  EXPECT_THAT(collected<TimeCollector>(Fixture()), StartsWith("node_time_seconds "));
}

}  // namespace
}  // namespace ullage::sense
