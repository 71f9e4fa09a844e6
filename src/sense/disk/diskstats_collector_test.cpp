// SPDX-License-Identifier: Apache-2.0
#include "sense/disk/diskstats_collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sense/collector_fixture.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using testing::HasSubstr;

TEST(DiskstatsCollector, GivesAllCountsOfADisk) {
  const Fixture machine(
      {{"/proc/diskstats", " 254  0 vda 1 2 3 4000 5 6 7 8000 9 10000 11000 12 13 14 15000 16 17000\n"}});
  EXPECT_EQ(collected<DiskstatsCollector>(machine),
            "node_disk_reads_completed_total{device=\"vda\"} 1\n"
            "node_disk_reads_merged_total{device=\"vda\"} 2\n"
            "node_disk_read_bytes_total{device=\"vda\"} 1536\n"
            "node_disk_read_time_seconds_total{device=\"vda\"} 4\n"
            "node_disk_writes_completed_total{device=\"vda\"} 5\n"
            "node_disk_writes_merged_total{device=\"vda\"} 6\n"
            "node_disk_written_bytes_total{device=\"vda\"} 3584\n"
            "node_disk_write_time_seconds_total{device=\"vda\"} 8\n"
            "node_disk_io_now{device=\"vda\"} 9\n"
            "node_disk_io_time_seconds_total{device=\"vda\"} 10\n"
            "node_disk_io_time_weighted_seconds_total{device=\"vda\"} 11\n"
            "node_disk_discards_completed_total{device=\"vda\"} 12\n"
            "node_disk_discards_merged_total{device=\"vda\"} 13\n"
            "node_disk_discarded_sectors_total{device=\"vda\"} 14\n"
            "node_disk_discard_time_seconds_total{device=\"vda\"} 15\n"
            "node_disk_flush_requests_total{device=\"vda\"} 16\n"
            "node_disk_flush_requests_time_seconds_total{device=\"vda\"} 17\n");
}

TEST(DiskstatsCollector, LeavesOutPartitionsAndEmptyDevices) {
  std::string text;
  for (const char* device : {"ram0", "loop12", "fd0", "sda1", "vdb12", "xvda1", "hda3", "nvme0n1p2"})
    text += std::string("   7 0 ") + device + " 1 2 3 4 5 6 7 8 9 10 11\n";
  EXPECT_EQ(collected<DiskstatsCollector>(Fixture({{"/proc/diskstats", text}})), "");
  for (const char* device : {"sda", "sdaa1", "nvme0n1", "dm-0", "md127", "zram0", "mmcblk0p1", "sr0"}) {
    const std::string line = std::string("   7 0 ") + device + " 1 2 3 4 5 6 7 8 9 10 11\n";
    EXPECT_THAT(collected<DiskstatsCollector>(Fixture({{"/proc/diskstats", line}})),
                HasSubstr("{device=\"" + std::string(device) + "\"} 9\n"));
  }
}

TEST(DiskstatsCollector, SaysWhatIsWrong) {
  EXPECT_EQ(collected<DiskstatsCollector>(Fixture()), "error: /proc/diskstats: cannot be read\n");
  EXPECT_EQ(collected<DiskstatsCollector>(Fixture({{"/proc/diskstats", "7 0 sda 1"}})),
            "error: /proc/diskstats: it is cut short\n");
  EXPECT_EQ(collected<DiskstatsCollector>(Fixture({{"/proc/diskstats", "7 0 sda x\n"}})),
            "error: /proc/diskstats: not the counts of a disk: '7 0 sda x'\n");
}

}  // namespace
}  // namespace ullage::sense
