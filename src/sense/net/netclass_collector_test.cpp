// SPDX-License-Identifier: Apache-2.0
#include "sense/net/netclass_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(NetclassCollector, GivesWhatEachDeviceTells) {
  const Fixture machine({{"/sys/class/net/bonding_masters", "bond0\n"},
                         {"/sys/class/net/eth0/address", "01:01:01:01:01:01\n"},
                         {"/sys/class/net/eth0/carrier", "1\n"},
                         {"/sys/class/net/eth0/dev_id", "0x20\n"},
                         {"/sys/class/net/eth0/duplex", "full\n"},
                         {"/sys/class/net/eth0/flags", "0x1303\n"},
                         {"/sys/class/net/eth0/ifalias", "\n"},
                         {"/sys/class/net/eth0/mtu", "15"},  // cut
                         {"/sys/class/net/eth0/operstate", "up\n"},
                         {"/sys/class/net/eth0/speed", "1000\n"},
                         {"/sys/class/net/eth0/statistics/rx_nohandler", "7\n"},
                         {"/sys/class/net/wlan0/operstate", "dormant\n"},
                         {"/sys/class/net/wlan0/speed", "-1\n"}});
  EXPECT_EQ(
      collected<NetclassCollector>(machine),
      "node_network_info{device=\"eth0\",address=\"01:01:01:01:01:01\",duplex=\"full\",operstate=\"up\"} 1\n"
      "node_network_up{device=\"eth0\"} 1\n"
      "node_network_carrier{device=\"eth0\"} 1\n"
      "node_network_device_id{device=\"eth0\"} 32\n"
      "node_network_flags{device=\"eth0\"} 4867\n"
      "node_network_speed_bytes{device=\"eth0\"} 125000000\n"
      "node_network_receive_nohandler_total{device=\"eth0\"} 7\n"
      "node_network_info{device=\"wlan0\",operstate=\"dormant\"} 1\n"
      "node_network_up{device=\"wlan0\"} 0\n"
      "node_network_speed_bytes{device=\"wlan0\"} -125000\n");
}

TEST(NetclassCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<NetclassCollector>(Fixture()), "error: /sys/class/net: cannot be read\n");
}

}  // namespace
}  // namespace ullage::sense
