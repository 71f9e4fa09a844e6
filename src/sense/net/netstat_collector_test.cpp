// SPDX-License-Identifier: Apache-2.0
#include "sense/net/netstat_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

constexpr const char* kNetstat =
    "TcpExt: SyncookiesSent TWRecycled ListenOverflows ListenDrops TCPSynRetrans\n"
    "TcpExt: 1 2 3 4 5\n"
    "IpExt: InNoRoutes InOctets OutOctets\n"
    "IpExt: 6 7 8\n";
constexpr const char* kSnmp =
    "Ip: Forwarding DefaultTTL\n"
    "Ip: 2 64\n"
    "Tcp: MaxConn CurrEstab InErrs\n"
    "Tcp: -1 9 10\n"
    "UdpLite: InDatagrams InErrors\n"
    "UdpLite: 11 12\n";

TEST(NetstatCollector, GivesTheSelectedCounts) {
  const Fixture machine({{"/proc/net/netstat", kNetstat},
                         {"/proc/net/snmp", kSnmp},
                         {"/proc/net/snmp6",
                          "Ip6InReceives                   \t1\n"
                          "Ip6InOctets                     \t128\n"
                          "Icmp6InType1                    \t1\n"
                          "UdpLite6InErrors                \t3\n"}});
  EXPECT_EQ(collected<NetstatCollector>(machine),
            "node_netstat_TcpExt_SyncookiesSent 1\n"
            "node_netstat_TcpExt_ListenOverflows 3\n"
            "node_netstat_TcpExt_ListenDrops 4\n"
            "node_netstat_TcpExt_TCPSynRetrans 5\n"
            "node_netstat_IpExt_InOctets 7\n"
            "node_netstat_IpExt_OutOctets 8\n"
            "node_netstat_Ip_Forwarding 2\n"
            "node_netstat_Tcp_CurrEstab 9\n"
            "node_netstat_Tcp_InErrs 10\n"
            "node_netstat_UdpLite_InErrors 12\n"
            "node_netstat_Ip6_InOctets 128\n"
            "node_netstat_UdpLite6_InErrors 3\n");
}

TEST(NetstatCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<NetstatCollector>(Fixture()), "error: /proc/net/netstat: cannot be read\n");
  EXPECT_EQ(collected<NetstatCollector>(Fixture({{"/proc/net/netstat", "IpExt: InOctets\nIpExt: 12"}})),
            "error: /proc/net/netstat: it is cut short\n");
  EXPECT_EQ(
      collected<NetstatCollector>(Fixture({{"/proc/net/netstat", "IpExt: InOctets OutOctets\nIpExt: 1\n"}})),
      "node_netstat_IpExt_InOctets 1\n"
      "error: /proc/net/netstat: not a count: 'OutOctets '\n");
  EXPECT_EQ(collected<NetstatCollector>(Fixture({{"/proc/net/netstat", "IpExt: InOctets\nTcpExt: 1\n"}})),
            "error: /proc/net/netstat: keys and values do not follow each other\n");
}

}  // namespace
}  // namespace ullage::sense
