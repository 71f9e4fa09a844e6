// SPDX-License-Identifier: Apache-2.0
#include "sense/system/filefd_collector.h"

#include <gtest/gtest.h>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

TEST(FilefdCollector, GivesAllocatedAndMaximum) {
  EXPECT_EQ(collected<FilefdCollector>(Fixture({{"/proc/sys/fs/file-nr", "1024\t0\t1631329\n"}})),
            "node_filefd_allocated 1024\n"
            "node_filefd_maximum 1631329\n");
}

TEST(FilefdCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<FilefdCollector>(Fixture()), "error: /proc/sys/fs/file-nr: cannot be read\n");
  EXPECT_EQ(collected<FilefdCollector>(Fixture({{"/proc/sys/fs/file-nr", "1024\t0\n"}})),
            "error: /proc/sys/fs/file-nr: it is not three numbers\n");
}

}  // namespace
}  // namespace ullage::sense
