// SPDX-License-Identifier: Apache-2.0
#include "sense/host/host_reader.h"

#include <gtest/gtest.h>

#include "base/os_root.h"
#include "sense/fixture.h"
#include "sense/host/host_text.h"
#include "sense/sample.h"

namespace ullage::sense {
namespace {

TEST(HostText, ReadsMeminfo) {
  HostSample sample;
  parse_meminfo(
      "MemTotal:       24684092 kB\nMemFree:        23836044 kB\nMemAvailable:   24190080 kB\nBuffers: 7760 "
      "kB\n"
      "Cached:           510280 kB\nSwapCached:            0 kB\nSwapTotal:             0 kB\nSwapFree:   0 "
      "kB\n"
      "Dirty:             71728 kB\nHugePages_Total:       0\n",
      sample);
  EXPECT_EQ(sample.memory_total_bytes, 24684092u * 1024ull);
  EXPECT_EQ(sample.memory_available_bytes, 24190080u * 1024ull);
  EXPECT_EQ(sample.cached_bytes, 510280u * 1024ull);
  EXPECT_EQ(sample.dirty_bytes, 71728u * 1024ull);
  EXPECT_EQ(sample.swap_total_bytes, 0u);
}

// MemAvailable is there since Linux 3.14.
TEST(HostText, WhatAnOldKernelDoesNotTellIsAbsent) {
  HostSample sample;
  parse_meminfo("MemTotal: 1000 kB\nMemFree: bad kB\n", sample);
  EXPECT_FALSE(sample.memory_available_bytes);
  EXPECT_FALSE(sample.memory_free_bytes);
}

TEST(HostText, ReadsProcessorTimeOfAllTogether) {
  HostSample sample;
  const OsRoot root;
  constexpr std::string_view kStat =
      "cpu  8719 0 2832 195580 406 0 66 11 0 0\ncpu0 3768 0 1242 98723 40 0 7 4 0 0\ncpu1 4950 0 1590 96856 "
      "366 0 59 "
      "7 0 0\nintr 1 2\nctxt 99\n";
  parse_cpu_stat(kStat, root, sample);
  ASSERT_TRUE(sample.cpu_seconds);
  EXPECT_DOUBLE_EQ((*sample.cpu_seconds)[0], 87.19);
  EXPECT_DOUBLE_EQ((*sample.cpu_seconds)[3], 1955.80);
  EXPECT_DOUBLE_EQ((*sample.cpu_seconds)[7], 0.11);
  EXPECT_EQ(count_processors(kStat), 2u);
  HostSample cut;
  parse_cpu_stat("cpu  8719 0 28", root, cut);
  EXPECT_FALSE(cut.cpu_seconds);
}

TEST(HostText, ReadsDisksThatHaveDoneSomethingAndNoPartitions) {
  HostSample sample;
  constexpr std::string_view kDisks =
      "   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
      " 254       0 vda 54656 9971 3662810 9046 32762 10688 3496432 9064 0 7300 18604 4516 28 789984 394 "
      "2345 98\n"
      " 254       1 vda1 54000 9971 3662000 9046 32762 10688 3496432 9064 0 7300 18604 4516 28 789984 394 "
      "2345 98\n"
      " 253       0 zram0 0 0 0\n";
  parse_diskstats(kDisks, {"vda", "loop0"}, sample);
  ASSERT_EQ(sample.disks.size(), 1u);
  EXPECT_EQ(sample.disks[0].device, "vda");
  EXPECT_EQ(sample.disks[0].read_bytes, 3662810u * 512ull);
  EXPECT_EQ(sample.disks[0].written_bytes, 3496432u * 512ull);
  EXPECT_DOUBLE_EQ(sample.disks[0].busy_seconds, 7.3);
  parse_diskstats(kDisks, {}, sample);
  EXPECT_EQ(sample.disks.size(), 2u);
}

TEST(HostText, ReadsLoadAndVmstat) {
  HostSample sample;
  parse_loadavg("0.16 0.08 0.04 2/100 8070\n", sample);
  ASSERT_TRUE(sample.load);
  EXPECT_DOUBLE_EQ((*sample.load)[2], 0.04);
  parse_vmstat("nr_free_pages 5950\npswpin 3\npswpout 4\noom_kill 2\n", sample);
  EXPECT_EQ(sample.oom_kills, 2u);
  EXPECT_EQ(sample.swapped_in_pages, 3u);
  EXPECT_EQ(sample.swapped_out_pages, 4u);
}

TEST(HostReader, AMachineWithoutAnyFileTellsNothing) {
  const Fixture empty;
  HostReader reader(empty.root());
  const HostSample sample = reader.read();
  EXPECT_FALSE(sample.memory_total_bytes);
  EXPECT_FALSE(sample.cpu_seconds);
  EXPECT_FALSE(sample.load);
  EXPECT_FALSE(sample.pressure.any());
  EXPECT_TRUE(sample.disks.empty());
}

TEST(HostReader, SeesWhatChangedBetweenReadings) {
  Fixture machine{{"/proc/loadavg", "0.10 0.20 0.30 1/2 3\n"}};
  HostReader reader(machine.root());
  EXPECT_DOUBLE_EQ((*reader.read().load)[0], 0.10);
  machine.write("/proc/loadavg", "2.50 0.20 0.30 1/2 3\n");
  EXPECT_DOUBLE_EQ((*reader.read().load)[0], 2.50);
}

TEST(HostReader, ReadsThisMachine) {
  HostReader reader(OsRoot::live());
  const HostSample sample = reader.read();
  EXPECT_GT(*sample.memory_total_bytes, 0u);
  EXPECT_TRUE(sample.cpu_seconds && sample.load);
}

}  // namespace
}  // namespace ullage::sense
