// SPDX-License-Identifier: Apache-2.0
#include "top/machine_view.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "sense/processes/process_row.h"
#include "top/daemon_word.h"
#include "top/top_fixture.h"

namespace ullage::top {
namespace {

using namespace std::chrono_literals;

TEST(MachineView, RatesAreOfTheTimeThatWentBy) {
  ReadingFixture machine;
  MachineView view;
  view.take(machine.next());
  EXPECT_FALSE(view.host().cpu_cores);
  EXPECT_FALSE(view.host().disk_read_per_second);
  machine.reading().host.cpu_seconds = {{1, 0, 1, 6, 0, 0, 0, 0}};
  machine.reading().host.disks[0] = {
      .device = "vda", .read_bytes = 4096, .written_bytes = 0, .busy_seconds = 1};
  machine.reading().network = NetworkCounters{.received_bytes = 2000, .sent_bytes = 10};
  machine.reading().host.pressure.io.some_seconds = 0.5;
  view.take(machine.next(2s));
  EXPECT_DOUBLE_EQ((*view.host().cpu_cores)[0], 0.5);
  EXPECT_DOUBLE_EQ(view.host().processors, 4);
  EXPECT_DOUBLE_EQ(*view.host().disk_read_per_second, 2048);
  EXPECT_DOUBLE_EQ(*view.host().busiest_disk_ratio, 0.5);
  EXPECT_DOUBLE_EQ(*view.host().received_per_second, 1000);
  EXPECT_DOUBLE_EQ(*view.host().io_stall.some, 0.25);
  EXPECT_FALSE(view.host().cpu_stall.full);
}

TEST(MachineView, ACounterThatFellMakesNoRate) {
  ReadingFixture machine;
  MachineView view;
  machine.reading().network->received_bytes = 5000;
  view.take(machine.next());
  machine.reading().network->received_bytes = 10;
  view.take(machine.next());
  EXPECT_FALSE(view.host().received_per_second);
}

TEST(MachineView, TellsHowLongTheMemoryLastsWhenItGrowsBeyondDoubt) {
  ReadingFixture machine;
  MachineView view;
  for (int i = 0; i < 20; ++i) {
    *machine.reading().headroom_bytes -= 100 * kMiB;
    view.take(machine.next(2s));
  }
  ASSERT_TRUE(view.host().memory_lasts);
  const double left = static_cast<double>(*view.host().headroom_bytes);
  EXPECT_NEAR(view.host().memory_lasts->seconds, left / (50.0 * kMiB), 1);
  EXPECT_NEAR(*view.host().growth_bytes_per_second, 50.0 * kMiB, kMiB);
}

TEST(MachineView, SteadyMemoryLastsForEver) {
  ReadingFixture machine;
  MachineView view;
  for (int i = 0; i < 20; ++i) view.take(machine.next(2s));
  EXPECT_FALSE(view.host().memory_lasts);
  EXPECT_EQ(view.host().used_bytes, 2 * kGiB);
}

TEST(MachineView, SharedPagesAreDividedAsTheyWereWhenThatWasRead) {
  ReadingFixture machine;
  auto& process = machine.process(7, 1, "postgres", 100);
  process.proportional = {.used_bytes = 30 * kMiB, .counted_bytes = 90 * kMiB};
  MachineView view;
  view.take(machine.next());
  EXPECT_EQ(view.processes()[0].used_bytes, 40 * kMiB);  // and what it has gained since
}

TEST(MachineView, AProcessThatWasThereBeforeTellsNoRateOfAllItsLife) {
  ReadingFixture machine;
  auto& process = machine.process(7, 1, "work", 1);
  process.is_new = true;
  process.used.read_bytes = 1 << 30;
  MachineView view;
  view.take(machine.next());
  EXPECT_FALSE(view.processes()[0].read_per_second);
  machine.row(0).is_new = false;
  machine.row(0).used.read_bytes = 4096;
  view.take(machine.next(2s));
  EXPECT_DOUBLE_EQ(*view.processes()[0].read_per_second, 2048);
}

TEST(MachineView, HostileNamesStayTextAndSecretsAreMasked) {
  ReadingFixture machine;
  auto& process = machine.process(7, 1, "a\x1b[2Jb\n", 1);
  process.command_line = std::string("/bin/x\0--token=hunter2\0\x1b]0;mine\x07", 32);
  process.group = std::make_shared<sense::ProcessGroup>(sense::ProcessGroup{"g\x1b", "u\n", ""});
  machine.process(8, 2, "kworker", 0).command_line.clear();
  MachineView view;
  view.take(machine.next());
  const RowView& row = view.processes()[0];
  EXPECT_EQ(row.name, "a\\x1b[2Jb\\x0a");
  EXPECT_EQ(row.command.find('\x1b'), std::string::npos);
  EXPECT_EQ(row.command.find("hunter2"), std::string::npos);
  EXPECT_EQ(row.group + row.user, "g\\x1bu\\x0a");
  EXPECT_EQ(view.processes()[1].command, "[kworker]");
}

TEST(MachineView, KeepsAMinuteOfEachProcessAndForgetsTheDead) {
  ReadingFixture machine;
  machine.process(7, 1, "work", 10);
  machine.process(8, 1, "other", 10);
  MachineView view;
  for (int i = 0; i < 100; ++i) view.take(machine.next());
  EXPECT_EQ(view.processes()[0].trail->size(), 61u);
  machine.rows().pop_back();
  view.take(machine.next());
  ASSERT_EQ(view.processes().size(), 1u);
  machine.process(8, 1, "other", 10);
  view.take(machine.next());
  EXPECT_EQ(view.processes()[1].trail->size(), 1u);
}

TEST(MachineView, APidThatWasGivenAgainIsAnotherProcess) {
  ReadingFixture machine;
  machine.process(7, 1, "work", 10);
  MachineView view;
  view.take(machine.next());
  machine.row(0).sample.start_ticks = 99;
  view.take(machine.next());
  EXPECT_EQ(view.processes()[0].trail->size(), 1u);
}

TEST(MachineView, GrowthIsThatOfTheTrailUntilTheSensorKnowsIt) {
  ReadingFixture machine;
  machine.process(7, 1, "leak", 10);
  MachineView view;
  for (int i = 0; i < 10; ++i) {
    *machine.row(0).sample.anonymous_bytes += kMiB;
    view.take(machine.next());
  }
  EXPECT_NEAR(*view.processes()[0].growth_bytes_per_minute, 60.0 * kMiB, kMiB);
  machine.row(0).growth_bytes_per_minute = 5.0;
  view.take(machine.next());
  EXPECT_DOUBLE_EQ(*view.processes()[0].growth_bytes_per_minute, 5);
}

TEST(MachineView, AGroupIsTheSumOfItsProcessesAndTheLeastOfTheirHeadroom) {
  ReadingFixture machine;
  machine.process(7, 1, "nginx", 10).cpu_cores = 0.5;
  machine.process(8, 7, "nginx", 20).cpu_cores = 0.25;
  machine.process(9, 1, "other", 1);
  machine.headrooms() = {5 * kGiB, kGiB, std::nullopt};
  MachineView view;
  view.take(machine.next());
  ASSERT_EQ(view.groups().size(), 2u);
  const RowView& nginx = view.groups()[0];
  EXPECT_EQ(nginx.processes, 2u);
  EXPECT_EQ(nginx.used_bytes, 30 * kMiB);
  EXPECT_DOUBLE_EQ(nginx.cpu_cores, 0.75);
  EXPECT_EQ(nginx.headroom_bytes, kGiB);
  EXPECT_FALSE(view.groups()[1].headroom_bytes);
  EXPECT_EQ(nginx.trail->size(), 1u);
}

// Workers forked from one parent: a page of which all have a share stands once where PSS is known, of all or,
// by the daemon's word, of the group; else the sum is said to be a bound.
TEST(MachineView, AGroupsSharedPagesAreDividedOrSaidNotToBe) {
  ReadingFixture machine;
  for (int pid = 7; pid <= 9; ++pid) machine.process(pid, 6, "worker", 1000);
  machine.process(10, 1, "alone", 1000);
  MachineView view;
  view.take(machine.next());
  EXPECT_EQ(view.groups()[1].used_bytes, 3000 * kMiB);
  EXPECT_TRUE(view.groups()[1].is_used_a_bound);
  EXPECT_FALSE(view.groups()[0].is_used_a_bound) << "one process is what it is";

  DaemonWord word;
  word.group_proportional_bytes[{.name = "worker", .user = "anna", .unit = ""}] = 1100 * kMiB;
  view.hear(std::move(word));
  view.take(machine.next());
  EXPECT_EQ(view.groups()[1].used_bytes, 1100 * kMiB);
  EXPECT_FALSE(view.groups()[1].is_used_a_bound);

  view.hear_nothing();
  for (std::size_t i = 0; i < 3; ++i)
    machine.row(i).proportional = {.used_bytes = 350 * kMiB, .counted_bytes = 1000 * kMiB};
  view.take(machine.next());
  EXPECT_EQ(view.groups()[1].used_bytes, 1050 * kMiB);
  EXPECT_FALSE(view.groups()[1].is_used_a_bound);
}

// The daemon's PSS is of a while ago and has no swap: what came since and what is swapped out are added.
TEST(MachineView, AGroupsGrowthAndSwapCountBeforePssIsReadAgain) {
  const sense::ProcessGroup workers{.name = "worker", .user = "anna", .unit = ""};
  ReadingFixture machine;
  for (int pid = 7; pid <= 9; ++pid) machine.process(pid, 6, "worker", 1000);
  DaemonWord word;
  word.group_proportional_bytes[workers] = 1100 * kMiB;
  word.group_resident_bytes[workers] = 3006 * kMiB;
  MachineView view;
  view.hear(word);
  view.take(machine.next());
  EXPECT_EQ(view.groups()[0].used_bytes, 1100 * kMiB);
  EXPECT_FALSE(view.groups()[0].is_used_a_bound);

  machine.row(0).sample.anonymous_bytes = 1200 * kMiB;
  machine.row(0).sample.resident_bytes = 1202 * kMiB;
  machine.row(1).sample.swap_bytes = 50 * kMiB;
  view.take(machine.next());
  EXPECT_EQ(view.groups()[0].used_bytes, 1350 * kMiB);
  EXPECT_TRUE(view.groups()[0].is_used_a_bound);

  machine.row(1).sample.swap_bytes = 0;
  machine.row(0).sample.resident_bytes = 800 * kMiB;
  view.take(machine.next());
  EXPECT_EQ(view.groups()[0].used_bytes, 1100 * kMiB) << "what fell is known when PSS is read again";
  EXPECT_FALSE(view.groups()[0].is_used_a_bound);
}

TEST(MachineView, SaysWhenAProcessAloneWouldFillItsRoom) {
  RowView row;
  EXPECT_FALSE(row.seconds_until_full());
  row.headroom_bytes = 60 * kMiB;
  row.growth_bytes_per_minute = 6.0 * kMiB;
  EXPECT_DOUBLE_EQ(*row.seconds_until_full(), 600);
  row.growth_bytes_per_minute = -1.0;
  EXPECT_FALSE(row.seconds_until_full());
}

}  // namespace
}  // namespace ullage::top
