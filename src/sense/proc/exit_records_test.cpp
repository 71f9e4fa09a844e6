// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/exit_records.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/file.h"

extern char** environ;

namespace ullage::sense {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

void touch(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  std::memset(memory, 1, bytes);
}

void burn(std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {
  }
}

// Captured on Linux 6.18: a Python of three threads, as parent 900 saw its child 1000 end.
std::string captured() { return read_file("tests/fixtures/taskstats/three_threads.bin").value_or(""); }

std::vector<ExitRecord> join(std::span<const char> datagram) {
  ExitRecordJoiner joiner;
  std::vector<ExitRecord> records;
  joiner.add(datagram, records);
  return records;
}

TEST(ExitRecordJoiner, MakesOneRecordOfAProcessesThreads) {
  const auto records = join(captured());
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].pid, 1000);
  EXPECT_EQ(records[0].parent_pid, 900);
  EXPECT_EQ(records[0].name, "python3");
  EXPECT_EQ(records[0].exit_status, 3u << 8);
  EXPECT_GT(records[0].resident_peak_bytes, 20 * kMiB);
  EXPECT_LT(records[0].resident_peak_bytes, 60 * kMiB);
  EXPECT_GT(records[0].user_seconds, 0);
  EXPECT_GT(records[0].elapsed_seconds, records[0].user_seconds / 3);
}

TEST(ExitRecordJoiner, ADatagramCutAnywhereIsNoRecordOrAWholeOne) {
  const std::string whole = captured();
  ASSERT_FALSE(whole.empty());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_LE(join(std::span(whole).first(size)).size(), 1u) << size;
}

class ExitRecordsLive : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = ExitRecords::open();
    if (!opened) GTEST_SKIP() << opened.error().text();
    records_.emplace(std::move(*opened));
  }

  ExitRecord record_of(pid_t pid) {
    for (int i = 0; i < 200; ++i) {
      for (const ExitRecord& record : records_->read()) seen_[record.pid] = record;
      if (seen_.contains(pid)) return seen_[pid];
      pollfd waiting{records_->fd(), POLLIN, 0};
      ::poll(&waiting, 1, 20);
    }
    ADD_FAILURE() << "no record of " << pid;
    return {};
  }
  ExitRecord run(const std::function<void()>& work) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      work();
      ::_exit(3);
    }
    ::wait4(pid, &status_, 0, &usage_);
    return record_of(pid);
  }

  std::optional<ExitRecords> records_;
  std::map<std::int64_t, ExitRecord> seen_;
  int status_ = 0;
  struct rusage usage_{};
};

TEST_F(ExitRecordsLive, AShortProcessesPeakShows) {
  const ExitRecord record = run([] { touch(200 * kMiB); });
  EXPECT_EQ(record.parent_pid, ::getpid());
  EXPECT_GE(record.resident_peak_bytes, 200 * kMiB);
  EXPECT_LT(record.resident_peak_bytes, 240 * kMiB);
  EXPECT_EQ(record.exit_status, static_cast<std::uint32_t>(status_));
  EXPECT_NEAR(static_cast<double>(record.minor_faults), static_cast<double>(usage_.ru_minflt), 8);
}

TEST_F(ExitRecordsLive, ThreadsAreOneRecordWhoseProcessorTimeIsTheirSum) {
  const ExitRecord record = run([] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) threads.emplace_back([] { burn(std::chrono::milliseconds(40)); });
    for (std::thread& thread : threads) thread.join();
    burn(std::chrono::milliseconds(20));
  });
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  // What a thread still uses after its record, on its way out, is only in rusage.
  const double used = seconds(usage_.ru_utime) + seconds(usage_.ru_stime);
  EXPECT_NEAR(record.user_seconds + record.system_seconds, used, used / 4);
  // A thread's last switch, away for ever, comes after its record.
  EXPECT_NEAR(static_cast<double>(record.voluntary_switches), static_cast<double>(usage_.ru_nvcsw), 4);
  EXPECT_NEAR(static_cast<double>(record.involuntary_switches), static_cast<double>(usage_.ru_nivcsw), 4);
  EXPECT_TRUE(record.has_run_queue_wait);
}

// ru_maxrss survives exec, and says 300 MiB here.
TEST_F(ExitRecordsLive, ASmallProgramStartedByALargeOneReadsSmall) {
  int out[2];
  ASSERT_EQ(::pipe(out), 0);
  run([&] {
    touch(300 * kMiB);
    const char* arguments[] = {"true", nullptr};
    pid_t pid;
    if (::posix_spawnp(&pid, "true", nullptr, nullptr, const_cast<char**>(arguments), environ) != 0) return;
    ::waitpid(pid, nullptr, 0);
    if (::write(out[1], &pid, sizeof(pid)) < 0) return;
  });
  pid_t pid = 0;
  ASSERT_EQ(::read(out[0], &pid, sizeof(pid)), static_cast<ssize_t>(sizeof(pid)));
  ::close(out[0]);
  ::close(out[1]);
  const ExitRecord record = record_of(pid);
  EXPECT_EQ(record.name, "true");
  EXPECT_GT(record.resident_peak_bytes, 0u);
  EXPECT_LT(record.resident_peak_bytes, 16 * kMiB);
  EXPECT_EQ(record.exit_status, 0u);
}

}  // namespace
}  // namespace ullage::sense
