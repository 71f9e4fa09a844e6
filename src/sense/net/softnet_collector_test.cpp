// SPDX-License-Identifier: Apache-2.0
#include "sense/net/softnet_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(SoftnetCollector, GivesPacketsOfEachProcessor) {
  const Fixture machine(
      {{"/proc/net/softnet_stat",
        "000033b6 0000000f 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 "
        "00000000 00000003 00000000 00000000\n"
        "00000001 00000000 00000000\n"}});
  EXPECT_EQ(collected<SoftnetCollector>(machine),
            "node_softnet_processed_total{cpu=\"3\"} 13238\n"
            "node_softnet_dropped_total{cpu=\"3\"} 15\n"
            "node_softnet_times_squeezed_total{cpu=\"3\"} 1\n"
            "node_softnet_processed_total{cpu=\"1\"} 1\n"
            "node_softnet_dropped_total{cpu=\"1\"} 0\n"
            "node_softnet_times_squeezed_total{cpu=\"1\"} 0\n");
}

TEST(SoftnetCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<SoftnetCollector>(Fixture()), "error: /proc/net/softnet_stat: cannot be read\n");
  EXPECT_EQ(collected<SoftnetCollector>(Fixture({{"/proc/net/softnet_stat", "000033b6 0000000g\n"}})),
            "error: /proc/net/softnet_stat: not counts of a processor: '000033b6 0000000g'\n");
}

}  // namespace
}  // namespace ullage::sense
