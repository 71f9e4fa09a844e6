// SPDX-License-Identifier: Apache-2.0
#include "sense/net/sockstat_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(SockstatCollector, GivesSocketsAndTheirMemory) {
  Fixture machine({{"/proc/net/sockstat",
                    "sockets: used 229\n"
                    "TCP: inuse 4 mem 2\n"
                    "FRAG: inuse 0 memory 5\n"}});
  EXPECT_EQ(collected<SockstatCollector>(machine),
            "node_sockstat_sockets_used 229\n"
            "node_sockstat_TCP_inuse 4\n"
            "node_sockstat_TCP_mem 2\n"
            "node_sockstat_TCP_mem_bytes 8192\n"
            "node_sockstat_FRAG_inuse 0\n"
            "node_sockstat_FRAG_memory 5\n");
  machine.write("/proc/net/sockstat", "sockets: used 1\n");
  machine.write("/proc/net/sockstat6", "TCP6: inuse 17\n");
  EXPECT_EQ(collected<SockstatCollector>(machine),
            "node_sockstat_sockets_used 1\n"
            "node_sockstat_TCP6_inuse 17\n");
}

TEST(SockstatCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<SockstatCollector>(Fixture()), "error: /proc/net/sockstat: cannot be read\n");
  Fixture machine({{"/proc/net/sockstat", "sockets: used\n"}});
  EXPECT_EQ(collected<SockstatCollector>(machine),
            "error: /proc/net/sockstat: not a count: 'sockets used'\n");
  machine.write("/proc/net/sockstat", "sockets: used 1\n");
  machine.write("/proc/net/sockstat6", "TCP6: inuse 1");
  EXPECT_EQ(collected<SockstatCollector>(machine),
            "node_sockstat_sockets_used 1\n"
            "error: /proc/net/sockstat6: it is cut short\n");
}

}  // namespace
}  // namespace ullage::sense
