// SPDX-License-Identifier: Apache-2.0
#include "sense/host/loadavg_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(LoadavgCollector, NamesTheThreeAveragesAsNodeExporterDoes) {
  const Fixture machine({{"/proc/loadavg", "0.52 0.58 0.59 2/389 12345\n"}});
  EXPECT_EQ(collected<LoadavgCollector>(machine),
            "node_load1 0.52\n"
            "node_load5 0.58\n"
            "node_load15 0.59\n");
}

TEST(LoadavgCollector, SaysWhatCannotBeRead) {
  EXPECT_EQ(collected<LoadavgCollector>(Fixture()), "error: /proc/loadavg: cannot be read\n");
  const Fixture broken({{"/proc/loadavg", "0.52"}});
  EXPECT_EQ(collected<LoadavgCollector>(broken), "error: /proc/loadavg: it is not three numbers\n");
}

}  // namespace
}  // namespace ullage::sense
