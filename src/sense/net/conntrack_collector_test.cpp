// SPDX-License-Identifier: Apache-2.0
#include "sense/net/conntrack_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(ConntrackCollector, GivesEntriesTheirLimitAndTheSumsOfAllProcessors) {
  Fixture machine({{"/proc/sys/net/netfilter/nf_conntrack_count", "123\n"},
                   {"/proc/sys/net/netfilter/nf_conntrack_max", "65536\n"}});
  EXPECT_EQ(collected<ConntrackCollector>(machine),
            "node_nf_conntrack_entries 123\n"
            "node_nf_conntrack_entries_limit 65536\n");
  machine.write("/proc/net/stat/nf_conntrack",
                "entries  searched found new drop\n"
                "00000021  00000000 0000000a 00000000 00000001\n"
                "00000021  00000000 00000006 00000000 00000002\n");
  EXPECT_EQ(collected<ConntrackCollector>(machine),
            "node_nf_conntrack_entries 123\n"
            "node_nf_conntrack_entries_limit 65536\n"
            "node_nf_conntrack_stat_found 16\n"
            "node_nf_conntrack_stat_drop 3\n");
}

TEST(ConntrackCollector, SaysWhatIsWrong) {
  EXPECT_EQ(
      collected<ConntrackCollector>(Fixture()),
      "error: /proc/sys/net/netfilter/nf_conntrack_count: cannot be read; it is there once a rule needs the "
      "module nf_conntrack\n");
  EXPECT_EQ(collected<ConntrackCollector>(Fixture({{"/proc/sys/net/netfilter/nf_conntrack_count", "1\n"},
                                                   {"/proc/net/stat/nf_conntrack", "found\nxyz\n"}})),
            "node_nf_conntrack_entries 1\n"
            "error: /proc/net/stat/nf_conntrack: not a count: 'xyz'\n");
}

}  // namespace
}  // namespace ullage::sense
