// SPDX-License-Identifier: Apache-2.0
#include "sense/net/arp_collector.h"

#include <gtest/gtest.h>

#include <string>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

const std::string kHeadings =
    "IP address       HW type     Flags       HW address            Mask     Device\n";

TEST(ArpCollector, CountsTheNeighboursOfEachDevice) {
  const std::string text = kHeadings +
                           "192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0\n"
                           "192.0.2.2        0x1         0x2         02:fc:00:00:00:06     *        eth1\n"
                           "192.0.2.3        0x1         0x2         02:fc:00:00:00:07     *        eth0\n";
  EXPECT_EQ(collected<ArpCollector>(Fixture({{"/proc/net/arp", text}})),
            "node_arp_entries{device=\"eth0\"} 2\n"
            "node_arp_entries{device=\"eth1\"} 1\n");
  EXPECT_EQ(collected<ArpCollector>(Fixture({{"/proc/net/arp", kHeadings}})), "");
}

TEST(ArpCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<ArpCollector>(Fixture()), "error: /proc/net/arp: cannot be read\n");
  EXPECT_EQ(collected<ArpCollector>(Fixture({{"/proc/net/arp", kHeadings + "192.0.2.1 0x1\n"}})),
            "error: /proc/net/arp: not a neighbour: '192.0.2.1 0x1'\n");
}

}  // namespace
}  // namespace ullage::sense
