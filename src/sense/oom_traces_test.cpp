// SPDX-License-Identifier: Apache-2.0
#include "sense/oom_traces.h"

#include <gtest/gtest.h>

namespace ullage::sense {
namespace {

TEST(OomTraces, TheKernelNamesItsVictim) {
  const auto victim = parse_kernel_victim(
      "Memory cgroup out of memory: Killed process 1234 (python3) total-vm:1048576kB, anon-rss:524288kB, "
      "file-rss:4096kB, shmem-rss:0kB, UID:1000 pgtables:1200kB oom_score_adj:0\n");
  ASSERT_TRUE(victim);
  EXPECT_EQ(victim->pid, 1234);
  EXPECT_EQ(victim->name, "python3");
  EXPECT_EQ(parse_kernel_victim("Out of memory: Killed process 7 (a) (b) total-vm:1kB")->name, "a");
  EXPECT_FALSE(parse_kernel_victim("oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null)"));
  EXPECT_FALSE(parse_kernel_victim("Out of memory: Killed process x (y) "));
}

TEST(OomTraces, EarlyoomNamesItsVictim) {
  const auto victim = parse_earlyoom_line(
      "Nov 24 06:00:00 host earlyoom[55]: sending SIGTERM to process 1234 uid 1000 \"python3\": badness 900, "
      "VmRSS 900 MiB");
  ASSERT_TRUE(victim);
  EXPECT_EQ(victim->pid, 1234);
  EXPECT_EQ(victim->name, "python3");
  EXPECT_FALSE(parse_earlyoom_line("host earlyoom[55]: mem avail: 900 of 16000 MiB"));
  EXPECT_FALSE(parse_earlyoom_line("sending SIGTERM to process 1 uid 0 \"x\""));  // not earlyoom's
}

}  // namespace
}  // namespace ullage::sense
