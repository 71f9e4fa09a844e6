// SPDX-License-Identifier: Apache-2.0
#include "session/accounts.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "run/record.h"
#include "sense/proc/exit_records.h"
#include "sense/proc/process_tree.h"

namespace ullage::session {
namespace {

constexpr std::int64_t kSupervisor = 100;
constexpr std::uint64_t kMiB = 1 << 20;

sense::TreeProcess process(std::int64_t pid, std::int64_t parent, double user_seconds,
                           std::uint64_t resident = 0) {
  sense::TreeProcess one;
  one.sample.pid = pid;
  one.sample.parent_pid = parent;
  one.sample.start_ticks = pid * 10;
  one.sample.name = "p" + std::to_string(pid);
  one.sample.user_seconds = user_seconds;
  one.sample.threads = 1;
  one.sample.resident_bytes = resident;
  one.sample.resident_peak_bytes = resident;
  return one;
}

sense::ExitRecord record(std::int64_t pid, std::int64_t parent, double user_seconds, std::uint64_t peak = 0) {
  sense::ExitRecord one;
  one.pid = pid;
  one.parent_pid = parent;
  one.name = "p" + std::to_string(pid);
  one.user_seconds = user_seconds;
  one.resident_peak_bytes = peak;
  return one;
}

class AccountsTest : public testing::Test {
 protected:
  void look(std::vector<sense::TreeProcess> living, std::vector<sense::TreeProcess> gone = {}) {
    accounts_.observe(living, gone, now_ms_ += 20);
  }
  void exits(std::vector<sense::ExitRecord> records) { accounts_.exited(records, now_ms_); }

  Accounts accounts_{kSupervisor, 4};
  std::int64_t now_ms_ = 1000;
};

TEST_F(AccountsTest, AnUnprivilegedPeakBetweenTwoLooksIsTheOneThatWait4Knows) {
  look({process(101, kSupervisor, 1.0, 20 * kMiB)});
  accounts_.reaped(101, {.code = 0, .peak_resident_bytes = 100 * kMiB}, now_ms_);
  ASSERT_TRUE(accounts_.high_mark());
  EXPECT_EQ(accounts_.high_mark()->used_bytes, 100 * kMiB);
  EXPECT_EQ(accounts_.high_mark()->method, "wait4");
}

// `ullage run true` told of a peak of 0 processes beside a total of 1.
TEST_F(AccountsTest, WhoLivedBetweenTwoLooksIsOneProcessAtOnce) {
  EXPECT_EQ(accounts_.processes_peak(), 0u);
  exits({record(101, kSupervisor, 0.001)});
  accounts_.reaped(101, {.code = 0}, now_ms_);
  look({});
  EXPECT_EQ(accounts_.processes_seen(), 1u);
  EXPECT_EQ(accounts_.processes_peak(), 1u);
}

TEST_F(AccountsTest, ZombiesThatWereFoldedAlreadyAreNotCountedAgain) {
  std::vector<sense::TreeProcess> many{process(101, kSupervisor, 1.0)};
  for (std::int64_t pid = 200; pid < 240; ++pid) many.push_back(process(pid, 101, 0.1));
  look(many);
  for (sense::TreeProcess& one : many)
    if (one.sample.pid != 101) one.sample.state = 'Z';
  for (std::int64_t pid = 200; pid < 240; ++pid) exits({record(pid, 101, 0.1)});
  look(many);
  look(many);
  EXPECT_EQ(accounts_.processes_seen(), 41u);
}

TEST_F(AccountsTest, ASecondIsCountedOnceWhoeverTellsOfIt) {
  look({process(101, kSupervisor, 1.0), process(102, 101, 2.0)});
  EXPECT_DOUBLE_EQ(accounts_.totals().user_seconds, 3.0);
  exits({record(102, 101, 2.5)});
  look({process(101, kSupervisor, 1.5)}, {process(102, 101, 2.0)});
  EXPECT_DOUBLE_EQ(accounts_.totals().user_seconds, 4.0);  // 1.5 and the record's 2.5
  accounts_.reaped(101, {.code = 0, .user_seconds = 4.0}, now_ms_);
  look({});
  EXPECT_DOUBLE_EQ(accounts_.totals().user_seconds, 4.0);
  EXPECT_EQ(accounts_.processes_seen(), 2u);
}

TEST_F(AccountsTest, ARecordThatComesAfterTheLookReplacesTheSample) {
  look({process(101, kSupervisor, 1.0)});
  look({}, {process(101, kSupervisor, 1.0)});
  exits({record(101, kSupervisor, 1.25)});
  look({});
  EXPECT_DOUBLE_EQ(accounts_.totals().user_seconds, 1.25);
  EXPECT_EQ(accounts_.processes_seen(), 1u);
}

TEST_F(AccountsTest, AChainThatLivedBetweenTwoLooksIsFoundFromItsEnd) {
  look({process(101, kSupervisor, 0)});
  exits({record(103, 102, 0.5, 30 * kMiB), record(900, 899, 7), record(102, 101, 0.25)});
  look({process(101, kSupervisor, 0)});
  EXPECT_DOUBLE_EQ(accounts_.totals().user_seconds, 0.75);  // 900 is somebody else's
  EXPECT_EQ(accounts_.processes_seen(), 3u);
  EXPECT_EQ(accounts_.high_mark()->used_bytes, 30 * kMiB);
  EXPECT_EQ(accounts_.high_mark()->method, "taskstats");
}

TEST_F(AccountsTest, AnOrphanHandedToUsIsOurs) {
  exits({record(555, kSupervisor, 0.5)});
  look({});
  EXPECT_DOUBLE_EQ(accounts_.totals().user_seconds, 0.5);
}

TEST_F(AccountsTest, ANumberThatIsGivenOutAgainBringsNoStrangersIn) {
  look({process(101, kSupervisor, 1.0)});
  look({}, {process(101, kSupervisor, 1.0)});
  exits({record(101, kSupervisor, 1.0)});
  now_ms_ += 60'000;
  exits({record(700, 101, 9.0, 999 * kMiB)});  // a child of whoever has the number 101 now
  look({});
  EXPECT_EQ(accounts_.processes_seen(), 1u);
  EXPECT_LT(accounts_.high_mark() ? accounts_.high_mark()->used_bytes : 0, kMiB);
}

TEST_F(AccountsTest, ARecordThatNobodyClaimsIsForgotten) {
  exits({record(700, 600, 9.0)});
  now_ms_ += 5'000;
  exits({});
  look({process(600, kSupervisor, 0)});  // much later a process of ours gets the number of its parent
  exits({});
  look({process(600, kSupervisor, 0)});
  EXPECT_EQ(accounts_.processes_seen(), 1u);
}

TEST_F(AccountsTest, WithoutRecordsTheTimeOfShortChildrenIsWhatTheirParentsWaitedFor) {
  auto parent = process(101, kSupervisor, 0.1);
  parent.sample.children_user_seconds = 2.0;  // of children that lived between two looks
  look({parent});
  EXPECT_DOUBLE_EQ(accounts_.totals().user_seconds, 2.1);
  accounts_.reaped(101, {.code = 0, .user_seconds = 2.4}, now_ms_);
  look({});
  EXPECT_DOUBLE_EQ(accounts_.totals().user_seconds, 2.4);
}

TEST_F(AccountsTest, WhatNobodyToldIsAbsent) {
  look({process(101, kSupervisor, 0.1)});
  EXPECT_FALSE(accounts_.totals().read_bytes);
  EXPECT_FALSE(accounts_.totals().run_queue_wait_seconds);
  EXPECT_FALSE(accounts_.totals().voluntary_switches);
}

TEST_F(AccountsTest, AChildOfTheSupervisorsOwnDoingIsNotOfTheRun) {
  accounts_.leave_out(300);
  exits({record(300, kSupervisor, 5.0)});
  accounts_.reaped(300, {.code = 0, .user_seconds = 5.0, .peak_resident_bytes = 500 * kMiB}, now_ms_);
  look({});
  EXPECT_EQ(accounts_.processes_seen(), 0u);
  EXPECT_DOUBLE_EQ(accounts_.totals().user_seconds, 0);
}

TEST_F(AccountsTest, AReusedPidIsANewProcess) {
  look({process(101, kSupervisor, 1.0)});
  auto second = process(101, kSupervisor, 0.1);
  second.sample.start_ticks = 99'999;
  look({second});
  EXPECT_EQ(accounts_.processes_seen(), 2u);
  EXPECT_DOUBLE_EQ(accounts_.totals().user_seconds, 1.1);
  EXPECT_EQ(accounts_.totals().processes, 1u);
}

TEST_F(AccountsTest, AChildsReadsAreNotCountedAgainInItsParent) {
  auto parent = process(101, kSupervisor, 0);
  parent.sample.read_bytes = 10;
  look({parent});
  auto child = record(102, 101, 0);
  child.read_bytes = 1000;
  exits({child});
  parent.sample.read_bytes = 1015;  // the kernel has added the child's to it, and it read 5 itself
  look({parent});
  EXPECT_EQ(accounts_.totals().read_bytes, 1015u);
}

TEST_F(AccountsTest, TheHighMarkLeavesMappedFilesOut) {
  auto one = process(101, kSupervisor, 0, 50 * kMiB);
  one.sample.file_bytes = 8 * kMiB;
  look({one});
  EXPECT_EQ(accounts_.high_mark()->used_bytes, 42 * kMiB);
}

// At its end a process has no mapped files any more, and its high-water mark still has them in it.
TEST_F(AccountsTest, AProcessThatEndsLeavesItsMappedFilesOutOfTheHighMark) {
  auto one = process(101, kSupervisor, 0, 50 * kMiB);
  one.sample.file_bytes = 40 * kMiB;
  look({one});
  one.sample.state = 'Z';
  one.sample.resident_bytes = one.sample.file_bytes = 0;
  look({one});
  EXPECT_EQ(accounts_.high_mark()->used_bytes, 10 * kMiB);
}

// A `true` of a shell of 300 MiB, looked at between fork and exec, stood in the table with 300 MiB.
TEST_F(AccountsTest, WhatAChildHeldOfItsParentsBeforeItExecutedIsNotItsPeak) {
  const auto peak_of = [&](std::int64_t pid) {
    for (const run::Process& row : accounts_.table())
      if (row.pid == pid) return row.peak_bytes;
    return std::optional<std::uint64_t>();
  };
  std::vector<sense::TreeProcess> forks;
  for (const std::int64_t pid : {102, 103, 104}) {
    forks.push_back(process(pid, 101, 0, 300 * kMiB));
    forks.back().is_fork = true;
  }
  look(forks);
  look({process(102, 101, 0, 2 * kMiB), forks[1], forks[2]});
  auto executed = record(103, 101, 0, 3 * kMiB);
  executed.name = "true";
  exits({executed, record(104, 101, 0, 310 * kMiB)});  // the last has remained what its parent is
  EXPECT_EQ(peak_of(102), 2 * kMiB);
  EXPECT_EQ(peak_of(103), 3 * kMiB);
  EXPECT_EQ(peak_of(104), 310 * kMiB);
}

TEST_F(AccountsTest, TheTableIsBoundedAndNothingInItIsLost) {
  std::vector<sense::TreeProcess> all;
  for (std::int64_t pid = 200; pid < 300; ++pid) {
    auto one = process(pid, kSupervisor, 0.01, static_cast<std::uint64_t>(pid) * kMiB);
    one.sample.name = "child";
    all.push_back(one);
  }
  look(all);
  look({}, all);
  now_ms_ += 5'000;
  look({});
  const auto table = accounts_.table();
  ASSERT_EQ(table.size(), 5u);  // four rows and one that sums the others
  std::uint64_t count = 0;
  double user_seconds = 0;
  for (const auto& row : table) {
    count += row.count;
    user_seconds += row.user_seconds.value();
  }
  EXPECT_EQ(count, 100u);
  EXPECT_NEAR(user_seconds, 1.0, 1e-9);
  EXPECT_EQ(table.front().pid, 299);
  EXPECT_NEAR(accounts_.totals().user_seconds, 1.0, 1e-9);
}

TEST_F(AccountsTest, TheLargestLivingProcessIsKnown) {
  look({process(101, kSupervisor, 0, 5 * kMiB), process(102, 101, 0, 9 * kMiB)});
  ASSERT_NE(accounts_.largest(), nullptr);
  EXPECT_EQ(accounts_.largest()->pid, 102);
}

}  // namespace
}  // namespace ullage::session
