// SPDX-License-Identifier: Apache-2.0
#include "sense/system/entropy_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(EntropyCollector, GivesWhatIsThere) {
  Fixture machine({{"/proc/sys/kernel/random/entropy_avail", "250\n"}});
  EXPECT_EQ(collected<EntropyCollector>(machine), "node_entropy_available_bits 250\n");
  machine.write("/proc/sys/kernel/random/poolsize", "256\n");
  EXPECT_EQ(collected<EntropyCollector>(machine),
            "node_entropy_available_bits 250\n"
            "node_entropy_pool_size_bits 256\n");
}

TEST(EntropyCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<EntropyCollector>(Fixture()),
            "error: /proc/sys/kernel/random/entropy_avail: cannot be read\n");
  EXPECT_EQ(collected<EntropyCollector>(Fixture({{"/proc/sys/kernel/random/entropy_avail", "many\n"}})),
            "error: /proc/sys/kernel/random/entropy_avail: cannot be read\n");
}

}  // namespace
}  // namespace ullage::sense
