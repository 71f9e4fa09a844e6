// SPDX-License-Identifier: Apache-2.0
#include "sense/host/schedstat_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(SchedstatCollector, GivesRunningAndWaitingOfEachProcessor) {
  const Fixture machine(
      {{"/proc/schedstat",
        "version 15\n"
        "timestamp 15819019232\n"
        "cpu0 498494191 0 3533438552 2553969831 3853684107 2465731542 2500000000 500000000 47\n"
        "domain0 00000000,00000003 212499247 210112015\n"}});
  EXPECT_EQ(collected<SchedstatCollector>(machine),
            "node_schedstat_running_seconds_total{cpu=\"0\"} 2.5\n"
            "node_schedstat_waiting_seconds_total{cpu=\"0\"} 0.5\n"
            "node_schedstat_timeslices_total{cpu=\"0\"} 47\n");
}

TEST(SchedstatCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<SchedstatCollector>(Fixture()), "error: /proc/schedstat: cannot be read\n");
  EXPECT_EQ(collected<SchedstatCollector>(Fixture({{"/proc/schedstat", "cpu0 1 2 3 4 5 6 7 8\n"}})),
            "error: /proc/schedstat: not times of a processor: 'cpu0 1 2 3 4 5 6 7 8'\n");
}

}  // namespace
}  // namespace ullage::sense
