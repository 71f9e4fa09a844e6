// SPDX-License-Identifier: Apache-2.0
#include "top/machine_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/fixture.h"
#include "sense/processes/process_fixture.h"
#include "top/machine_view.h"
#include "top/process_headroom.h"
#include "top/top_fixture.h"

namespace ullage::top {
namespace {

using namespace std::chrono_literals;

TEST(MachineReader, ReadsAMachineThatIsFiles) {
  sense::FixtureMachine files;
  files.write("/proc/meminfo", "MemTotal: 8388608 kB\nMemFree: 1 kB\nMemAvailable: 6291456 kB\n");
  files.write("/proc/sys/kernel/hostname", "nest\n");
  files.write("/proc/net/dev",
              "a|b\nc|d\n  lo: 1 2 0 0 0 0 0 0 1 2 0 0 0 0 0 0\neth0: 700 2 0 0 0 0 0 0 900 2 0 0 0 0 0 0\n");
  files.process({.pid = 7, .name = "work"});
  ManualClock clock;
  MachineReader reader(files.root(), clock);
  const auto reading = reader.read();
  ASSERT_TRUE(reading) << reading.error().text();
  EXPECT_EQ(reading->host_name, "nest");
  EXPECT_EQ(reading->headroom_bytes, 6 * kGiB);
  EXPECT_EQ(reading->network->received_bytes, 700u);
  EXPECT_EQ(reading->network->sent_bytes, 900u);
  ASSERT_EQ(reading->processes.size(), 1u);
  EXPECT_EQ(reading->processes[0].sample.name, "work");
}

TEST(MachineReader, SaysThatThereAreNoProcessesToRead) {
  const sense::Fixture nothing;
  const ManualClock clock;
  EXPECT_FALSE(MachineReader(nothing.root(), clock).read());
}

TEST(MachineReader, FindsItselfOnThisMachine) {
  const SystemClock clock;
  MachineReader reader(OsRoot::live(), clock);
  const auto reading = reader.read();
  ASSERT_TRUE(reading) << reading.error().text();
  MachineView view;
  view.take(*reading);
  EXPECT_NE(std::ranges::find(view.processes(), ::getpid(), &RowView::pid), view.processes().end());
  EXPECT_GT(view.host().limit_bytes.value_or(0), 0u);
}

// A v2 tree: /tight may have 100 MiB and holds 40 that cannot be reclaimed.
class Headroom : public testing::Test {
 protected:
  Headroom() {
    files_.write("/proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 6291456 kB\n");
    for (const char* pid : {"7", "8", "self"})
      files_.write(std::string("/proc/") + pid + "/mountinfo",
                   "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
    files_.write("/sys/fs/cgroup/cgroup.procs", "");
    files_.write("/sys/fs/cgroup/tight/cgroup.procs", "8\n");
    files_.write("/sys/fs/cgroup/tight/memory.max", "104857600\n");
    files_.write("/sys/fs/cgroup/tight/memory.current", "52428800\n");
    files_.write("/sys/fs/cgroup/tight/memory.stat", "anon 41943040\nfile 10485760\nfile_dirty 0\nshmem 0\n");
    files_.write("/proc/7/cgroup", "0::/\n");
    files_.write("/proc/8/cgroup", "0::/tight\n");
    machine_.process(7, 1, "free", 1);
    machine_.process(8, 1, "bound", 40);
  }
  sense::Fixture files_;
  ReadingFixture machine_;
};

TEST_F(Headroom, IsThatOfTheTightestLimitOfEachProcess) {
  ProcessHeadroom headroom(files_.root());
  const auto left = headroom.read(machine_.rows(), 1s);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0], 6 * kGiB);
  EXPECT_EQ(left[1], 60 * kMiB);
}

TEST_F(Headroom, OfAThreadOfTheKernelThereIsNone) {
  machine_.row(0).command_line.clear();
  ProcessHeadroom headroom(files_.root());
  EXPECT_FALSE(headroom.read(machine_.rows(), 1s)[0]);
}

TEST_F(Headroom, AProcessThatHasGoneOrMovedIsFoundWhereItIs) {
  ProcessHeadroom headroom(files_.root());
  headroom.read(machine_.rows(), 1s);
  files_.write("/proc/7/cgroup", "0::/tight\n");
  EXPECT_EQ(headroom.read(machine_.rows(), 2s)[0], 6 * kGiB);
  EXPECT_EQ(headroom.read(machine_.rows(), 3s)[0], 60 * kMiB);
  machine_.rows().erase(machine_.rows().begin());
  EXPECT_EQ(headroom.read(machine_.rows(), 4s)[0], 60 * kMiB);
}

}  // namespace
}  // namespace ullage::top
