// SPDX-License-Identifier: Apache-2.0
#include "sense/host/meminfo_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(MeminfoCollector, SpellsKeysAsNodeExporterDoes) {
  const Fixture machine({{"/proc/meminfo",
                          "MemTotal:       24684084 kB\n"
                          "Active(anon):       1580 kB\n"
                          "HugePages_Total:       3\n"
                          "DirectMap4k:       26624 kB\n"}});
  EXPECT_EQ(collected<MeminfoCollector>(machine),
            "node_memory_MemTotal_bytes 25276502016\n"
            "node_memory_Active_anon_bytes 1617920\n"
            "node_memory_HugePages_Total 3\n"
            "node_memory_DirectMap4k_bytes 27262976\n");
}

TEST(MeminfoCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<MeminfoCollector>(Fixture()), "error: /proc/meminfo: cannot be read\n");
  EXPECT_EQ(collected<MeminfoCollector>(Fixture({{"/proc/meminfo", "MemTotal: 24684084 kB\nMemFree: 12"}})),
            "error: /proc/meminfo: it is cut short\n");
  EXPECT_EQ(collected<MeminfoCollector>(Fixture({{"/proc/meminfo", "MemTotal: lots kB\n"}})),
            "error: /proc/meminfo: not an amount of memory: 'MemTotal: lots kB'\n");
  EXPECT_EQ(collected<MeminfoCollector>(Fixture({{"/proc/meminfo", "MemTotal: 12 MB\n"}})),
            "error: /proc/meminfo: not an amount of memory: 'MemTotal: 12 MB'\n");
}

}  // namespace
}  // namespace ullage::sense
