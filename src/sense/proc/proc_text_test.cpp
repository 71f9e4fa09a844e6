// SPDX-License-Identifier: Apache-2.0
// status, io, schedstat and smaps_rollup as Linux 6.18 writes them.
#include <gtest/gtest.h>

#include <string_view>

#include "sense/proc/proc_counters.h"
#include "sense/proc/proc_status.h"

namespace ullage::sense {
namespace {

constexpr std::string_view kStatus = R"(Name:	cat
Umask:	0022
State:	R (running)
Tgid:	8070
Uid:	0	0	0	0
VmPeak:	    3060 kB
VmSize:	    3060 kB
VmHWM:	    1784 kB
VmRSS:	    1700 kB
RssAnon:	     112 kB
RssFile:	    1572 kB
RssShmem:	      16 kB
VmSwap:	       8 kB
Threads:	1
Mems_allowed:	00000000,00000001
voluntary_ctxt_switches:	5
nonvoluntary_ctxt_switches:	1
)";

TEST(ProcStatus, ReadsMemoryAndSwitches) {
  const ProcStatus status = parse_proc_status(kStatus);
  EXPECT_EQ(status.resident_peak_bytes, 1784u * 1024);
  EXPECT_EQ(status.resident_bytes, 1700u * 1024);
  EXPECT_EQ(status.anonymous_bytes, 112u * 1024);
  EXPECT_EQ(status.file_bytes, 1572u * 1024);
  EXPECT_EQ(status.shared_bytes, 16u * 1024);
  EXPECT_EQ(status.swap_bytes, 8u * 1024);
  EXPECT_EQ(status.voluntary_switches, 5u);
  EXPECT_EQ(status.involuntary_switches, 1u);
}

TEST(ProcStatus, AZombieHasNoMemoryLines) {
  const ProcStatus status = parse_proc_status("Name:\tsh\nState:\tZ (zombie)\nvoluntary_ctxt_switches:\t2\n");
  EXPECT_FALSE(status.anonymous_bytes);
  EXPECT_FALSE(status.resident_peak_bytes);
  EXPECT_EQ(status.voluntary_switches, 2u);
}

// Before Linux 4.5 there was no split of resident memory.
TEST(ProcStatus, AnOldKernelsSplitIsAbsent) {
  const ProcStatus status = parse_proc_status("VmHWM:\t 10 kB\nVmRSS:\t 8 kB\n");
  EXPECT_EQ(status.resident_bytes, 8192u);
  EXPECT_FALSE(status.anonymous_bytes);
}

TEST(ProcStatus, ABrokenLineIsAbsentAndAnUnknownOneSkipped) {
  const ProcStatus status =
      parse_proc_status("VmHWM:\t lots kB\nVmNews:\t 3 kB\nRssAnon:\t 4 kB\nRssFile:\t 12");
  EXPECT_FALSE(status.resident_peak_bytes);
  EXPECT_EQ(status.anonymous_bytes, 4096u);
  EXPECT_FALSE(status.file_bytes);
}

TEST(ProcIo, CountsStorageNotThePageCache) {
  const ProcIo io = parse_proc_io(
      "rchar: 7274\nwchar: 298\nsyscr: 12\nsyscw: 1\nread_bytes: 4096\nwrite_bytes: "
      "8192\ncancelled_write_bytes: 0\n");
  EXPECT_EQ(io.read_bytes, 4096u);
  EXPECT_EQ(io.written_bytes, 8192u);
  EXPECT_FALSE(parse_proc_io("").read_bytes);
  EXPECT_FALSE(parse_proc_io("read_bytes: x\n").read_bytes);
}

TEST(Schedstat, TheSecondNumberIsTheWait) {
  EXPECT_DOUBLE_EQ(parse_run_queue_wait("971522 56542 1\n").value(), 56542e-9);
  EXPECT_FALSE(parse_run_queue_wait("971522 565"));
  EXPECT_FALSE(parse_run_queue_wait(""));
}

TEST(SmapsRollup, SumsWhatCannotBeReclaimed) {
  const Proportional proportional = parse_smaps_rollup(
      R"(560e3c9e7000-7ffced073000 ---p 00000000 00:00 0                          [rollup]
Rss:                1784 kB
Pss:                 305 kB
Pss_Dirty:           112 kB
Pss_Anon:            112 kB
Pss_File:            178 kB
Pss_Shmem:            15 kB
Shared_Clean:       1628 kB
Swap:                 40 kB
SwapPss:              10 kB
Locked:                0 kB
)");
  EXPECT_EQ(proportional.all_bytes, 305u * 1024);
  EXPECT_EQ(proportional.used_bytes, (112u + 15 + 10) * 1024);
}

TEST(SmapsRollup, WithoutTheSplitTheUsedPartIsAbsent) {
  const Proportional proportional = parse_smaps_rollup("Rss: 10 kB\nPss:  5 kB\n");
  EXPECT_EQ(proportional.all_bytes, 5120u);
  EXPECT_FALSE(proportional.used_bytes);
}

}  // namespace
}  // namespace ullage::sense
