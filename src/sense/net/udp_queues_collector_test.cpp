// SPDX-License-Identifier: Apache-2.0
#include "sense/net/udp_queues_collector.h"

#include <gtest/gtest.h>

#include <string>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

const std::string kHead =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";

TEST(UdpQueuesCollector, AddsUpAllSockets) {
  Fixture machine(
      {{"/proc/net/udp", kHead + "  317: 00000000:0044 00000000:0000 07 00000001:00000A00 00:00000000 0\n"
                                 "  318: 00000000:0045 00000000:0000 07 00000002:00000100 00:00000000 0\n"}});
  EXPECT_EQ(collected<UdpQueuesCollector>(machine),
            "node_udp_queues{queue=\"tx\",ip=\"v4\"} 3\nnode_udp_queues{queue=\"rx\",ip=\"v4\"} 2816\n");
  machine.write("/proc/net/udp6", kHead);
  machine.remove("/proc/net/udp");
  EXPECT_EQ(collected<UdpQueuesCollector>(machine),
            "node_udp_queues{queue=\"tx\",ip=\"v6\"} 0\nnode_udp_queues{queue=\"rx\",ip=\"v6\"} 0\n");
}

TEST(UdpQueuesCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<UdpQueuesCollector>(Fixture()), "error: /proc/net/udp: cannot be read\n");
  const Fixture machine({{"/proc/net/udp", kHead + "  317: 0:0 0:0 07 1\n"}});
  EXPECT_EQ(collected<UdpQueuesCollector>(machine),
            "error: /proc/net/udp: not a socket: '  317: 0:0 0:0 07 1'\n");
}

}  // namespace
}  // namespace ullage::sense
