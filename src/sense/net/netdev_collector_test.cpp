// SPDX-License-Identifier: Apache-2.0
#include "sense/net/netdev_collector.h"

#include <gtest/gtest.h>

#include <string>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

const std::string kHeadings =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls "
    "carrier compressed\n";

TEST(NetdevCollector, GivesAllCountsOfEachDeviceButTheLoopback) {
  const std::string text =
      kHeadings +
      "    lo:   63156      66    0    0    0     0          0         0    63156      66    0 "
      "   0    0     0       0          0\n"
      "  eth0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n";
  EXPECT_EQ(collected<NetdevCollector>(Fixture({{"/proc/net/dev", text}})),
            "node_network_receive_bytes_total{device=\"eth0\"} 1\n"
            "node_network_receive_packets_total{device=\"eth0\"} 2\n"
            "node_network_receive_errs_total{device=\"eth0\"} 3\n"
            "node_network_receive_drop_total{device=\"eth0\"} 4\n"
            "node_network_receive_fifo_total{device=\"eth0\"} 5\n"
            "node_network_receive_frame_total{device=\"eth0\"} 6\n"
            "node_network_receive_compressed_total{device=\"eth0\"} 7\n"
            "node_network_receive_multicast_total{device=\"eth0\"} 8\n"
            "node_network_transmit_bytes_total{device=\"eth0\"} 9\n"
            "node_network_transmit_packets_total{device=\"eth0\"} 10\n"
            "node_network_transmit_errs_total{device=\"eth0\"} 11\n"
            "node_network_transmit_drop_total{device=\"eth0\"} 12\n"
            "node_network_transmit_fifo_total{device=\"eth0\"} 13\n"
            "node_network_transmit_colls_total{device=\"eth0\"} 14\n"
            "node_network_transmit_carrier_total{device=\"eth0\"} 15\n"
            "node_network_transmit_compressed_total{device=\"eth0\"} 16\n");
}

TEST(NetdevCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<NetdevCollector>(Fixture()), "error: /proc/net/dev: cannot be read\n");
  EXPECT_EQ(collected<NetdevCollector>(Fixture({{"/proc/net/dev", kHeadings + "  eth0: 12"}})),
            "error: /proc/net/dev: it is cut short\n");
  EXPECT_EQ(collected<NetdevCollector>(Fixture({{"/proc/net/dev", kHeadings + "  eth0: x\n"}})),
            "error: /proc/net/dev: not the counts of a device: '  eth0: x'\n");
}

}  // namespace
}  // namespace ullage::sense
