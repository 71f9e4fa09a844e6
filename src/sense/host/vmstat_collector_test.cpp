// SPDX-License-Identifier: Apache-2.0
#include "sense/host/vmstat_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(VmstatCollector, GivesKillsPagingSwappingAndFaultsOnly) {
  const Fixture machine({{"/proc/vmstat",
                          "nr_free_pages 5651552\n"
                          "pgpgin 1\n"
                          "pgpgout 2\n"
                          "pswpin 3\n"
                          "pswpout 4\n"
                          "pgalloc_dma 9\n"
                          "pgfault 5\n"
                          "pgmajfault 6\n"
                          "oom_kill 7\n"
                          "unevictable_pgs_culled 8\n"}});
  EXPECT_EQ(collected<VmstatCollector>(machine),
            "node_vmstat_pgpgin 1\n"
            "node_vmstat_pgpgout 2\n"
            "node_vmstat_pswpin 3\n"
            "node_vmstat_pswpout 4\n"
            "node_vmstat_pgfault 5\n"
            "node_vmstat_pgmajfault 6\n"
            "node_vmstat_oom_kill 7\n");
}

TEST(VmstatCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<VmstatCollector>(Fixture()), "error: /proc/vmstat: cannot be read\n");
  EXPECT_EQ(collected<VmstatCollector>(Fixture({{"/proc/vmstat", "pgfault 12"}})),
            "error: /proc/vmstat: it is cut short\n");
  EXPECT_EQ(collected<VmstatCollector>(Fixture({{"/proc/vmstat", "pgfault\n"}})),
            "error: /proc/vmstat: not a count: 'pgfault'\n");
}

}  // namespace
}  // namespace ullage::sense
