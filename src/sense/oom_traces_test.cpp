// SPDX-License-Identifier: Apache-2.0
#include "sense/oom_traces.h"

#include <endian.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/os_root.h"

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

// Debian 12 has no syslog files: earlyoom's lines are in the journal, whose file is longer than its content.
TEST(OomTraces, EarlyoomIsFoundInTheJournal) {
  std::string folder = testing::TempDir() + "/journal-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string machine = folder + "/var/log/journal/0123456789abcdef0123456789abcdef";
  std::filesystem::create_directories(machine);
  std::string content(1u << 20, '\0');
  const std::uint64_t last_object = htole64(600'000);
  content.replace(0, 8, "LPKSHHRH");
  content.replace(136, 8, reinterpret_cast<const char*>(&last_object), 8);
  content.replace(599'000, 70, "MESSAGE=sending SIGTERM to process 77 uid 0 \"an older one\": x\3\0\0\0\0");
  content.replace(600'064, 60, "MESSAGE=sending SIGKILL to process 4242 uid 1000 \"python3\": ");
  std::ofstream(machine + "/system.journal") << content;
  const auto traces = read_oom_traces(OsRoot(folder), "", 0);
  ASSERT_EQ(traces.earlyoom_victims.size(), 2u);
  EXPECT_EQ(traces.earlyoom_victims[0].name, "an older one");
  EXPECT_EQ(traces.earlyoom_victims[1].pid, 4242);
  // Cut off, or not a journal at all: no evidence.
  std::filesystem::resize_file(machine + "/system.journal", 140);
  EXPECT_TRUE(read_oom_traces(OsRoot(folder), "", 0).earlyoom_victims.empty());
  std::filesystem::resize_file(machine + "/system.journal", 4096);
  EXPECT_TRUE(read_oom_traces(OsRoot(folder), "", 0).earlyoom_victims.empty());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ullage::sense
