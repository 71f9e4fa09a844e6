// SPDX-License-Identifier: Apache-2.0
#include "session/oom_evidence.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "act/cage.h"
#include "base/os_root.h"
#include "run/record.h"
#include "sense/sample.h"

namespace ullage::session {
namespace {

// A run of an hour that ended with 137, in which the kernel killed one process for memory so long before the
// end.
std::optional<run::Oom> judged(std::int64_t killed_before_end_ms) {
  std::string folder = testing::TempDir() + "/oom-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return std::nullopt;
  std::filesystem::create_directories(folder + "/proc");
  std::ofstream(folder + "/proc/vmstat") << "nr_free_pages 1\noom_kill 4\n";
  const OsRoot root{.prefix = folder};
  OomWitness witness(root, {});
  sense::ProcessSample holder;
  holder.pid = 77;
  holder.name = "touch_memory";
  holder.resident_bytes = 36 << 20;  // with 7 MiB of its program's file
  witness.note_holder(&holder, 1'000'000);
  std::ofstream(folder + "/proc/vmstat") << "nr_free_pages 1\noom_kill 5\n";

  run::Record record;
  record.started_ms = 1'000'000;
  record.wall_seconds = 3600;
  record.exit_code = 137;
  record.memory.peak_bytes = 30 << 20;
  run::Process victim{.pid = 77, .name = "touch_memory"};
  victim.signal = SIGKILL;
  victim.end_ms = record.started_ms + 3'600'000 - killed_before_end_ms;
  record.process_table = {victim};
  auto oom = witness.judge(record, act::Cage::prepare(root, {}, "test", {}), {}, {});
  std::filesystem::remove_all(folder);
  return oom;
}

TEST(OomWitness, AKillAtTheEndEndedTheRun) { EXPECT_TRUE(judged(200)); }

// A test suite let a program run out of memory on purpose, and was killed half an hour later by somebody:
// "out of memory: killed by the kernel".
TEST(OomWitness, AKillLongBeforeTheEndDidNot) { EXPECT_FALSE(judged(1'800'000)); }

// Of a limit of 30 MiB one process "held 36.3 MiB".
TEST(OomWitness, NobodyHeldMoreOfAPeakThanThePeak) { EXPECT_EQ(judged(200)->holder_bytes, 30u << 20); }

}  // namespace
}  // namespace ullage::session
