// SPDX-License-Identifier: Apache-2.0
#include "run/run_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include "history/open_for_reading.h"
#include "metric/series.h"
#include "run/record.h"
#include "run/run_lock.h"

namespace ullage::run {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kStartMs = 1'700'000'000'000;

Record record_at(int second) {
  Record record;
  record.id = "20231114-221320-abcd";
  record.name = "train";
  record.command = {"python3", "train.py"};
  record.started_ms = kStartMs;
  record.wall_seconds = second;
  for (int i = 0; i <= second / 10; ++i)
    record.events.push_back({kStartMs + i, "emit", "info", "event " + std::to_string(i)});
  return record;
}

class RunFileTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = history::ScratchFolder::make();
    ASSERT_TRUE(made);
    folder_ = std::move(*made);
    path_ = folder_.path() + "/20231114-221320-abcd.ullage";
  }

  metric::Tick tick(int second) {
    metric::Tick made;
    made.time_ms = kStartMs + 1000 * static_cast<std::int64_t>(second);
    for (int i = 0; i < 20; ++i)
      made.add(table_.id("work_total", {{"n", std::to_string(i)}}), second * 10.0 + i);
    return made;
  }

  // A run's life: a tick and a flush for each second.
  void live(RunFile& file, int begin, int end) {
    for (int second = begin; second < end; ++second) {
      file.append(tick(second), table_);
      file.set_record(record_at(second));
      ASSERT_TRUE(file.flush());
    }
  }

  // Runs `body` in a child process, which it never leaves by return.
  static pid_t in_child(const std::function<void()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      body();
      ::_exit(0);
    }
    return pid;
  }

  history::ScratchFolder folder_;
  std::string path_;
  metric::SeriesTable table_;
};

std::size_t count_ticks(const LoadedRun& run) {
  std::size_t count = 0;
  EXPECT_TRUE(run.series.each_tick([&](const metric::Tick&) { ++count; }));
  return count;
}

TEST_F(RunFileTest, HoldsRecordEventsAndTicks) {
  {
    auto file = RunFile::create(path_);
    ASSERT_TRUE(file) << file.error().text();
    live(*file, 0, 35);
    Record last = record_at(35);
    last.state = State::finished;
    last.exit_code = 3;
    file->set_record(last);
    ASSERT_TRUE(file->close());
  }
  const auto run = load_run(path_);
  ASSERT_TRUE(run) << run.error().text();
  EXPECT_EQ(run->record.state, State::finished);
  EXPECT_EQ(run->record.exit_code, 3);
  EXPECT_EQ(run->record.events.size(), 4u);
  EXPECT_EQ(run->record.events[3].text, "event 3");
  EXPECT_EQ(count_ticks(*run), 35u);
  EXPECT_THAT(run->problems, IsEmpty());
  const auto record = load_record(path_);
  ASSERT_TRUE(record);
  EXPECT_EQ(record->name, "train");
}

TEST_F(RunFileTest, RunsWhileItsWriterLivesAndIsInterruptedAfter) {
  auto file = RunFile::create(path_);
  ASSERT_TRUE(file);
  live(*file, 0, 12);
  EXPECT_EQ(load_run(path_)->record.state, State::running);
  // As another process sees it.
  const pid_t other =
      in_child([&] { ::_exit(load_record(path_)->state == State::running && is_alive(path_) ? 7 : 1); });
  int status = 0;
  ::waitpid(other, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
  live(*file, 12, 14);  // our own looking took no lock away
  {
    const RunFile gone = std::move(*file);
  }
  const auto run = load_run(path_);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->record.state, State::interrupted);
  EXPECT_EQ(run->record.wall_seconds, 13);
}

TEST_F(RunFileTest, ThatNeverStartedLeavesNothing) {
  auto file = RunFile::create(path_);
  ASSERT_TRUE(file);
  live(*file, 0, 2);
  file->remove();
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(RunFileTest, WithoutARecordIsNamedByItsFile) {
  {
    auto file = RunFile::create(path_);
    file->append(tick(0), table_);
  }
  const auto run = load_run(path_);
  ASSERT_TRUE(run);
  EXPECT_EQ(run->record.id, "20231114-221320-abcd");
  EXPECT_EQ(run->record.state, State::interrupted);
  EXPECT_EQ(run->problems.size(), 1u);
  EXPECT_EQ(count_ticks(*run), 1u);
}

TEST_F(RunFileTest, EventsThatWereThinnedAreThinnedInTheFile) {
  auto file = RunFile::create(path_);
  live(*file, 0, 50);
  Record fewer = record_at(20);
  file->set_record(fewer);
  ASSERT_TRUE(file->flush());
  EXPECT_EQ(load_run(path_)->record.events.size(), 3u);
}

TEST_F(RunFileTest, KilledAtAnyMomentItOpensAndLacksASecondAtMost) {
  std::mt19937 random(20261124);
  int read_back = 0;
  for (int round = 0; round < 50; ++round) {
    const std::string path = folder_.path() + "/" + std::to_string(round) + ".ullage";
    int pipe_ends[2];
    ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
    const pid_t writer = in_child([&] {
      auto file = RunFile::create(path);
      for (int second = 0; second < 100'000; ++second) {
        file->append(tick(second), table_);
        file->set_record(record_at(second % 300));
        if (second % 700 == 699) file->halve_ticks();
        if (file->flush() && ::write(pipe_ends[1], &second, sizeof second) < 0) break;
      }
    });
    ::close(pipe_ends[1]);
    std::this_thread::sleep_for(
        std::chrono::microseconds(std::uniform_int_distribution<>(0, 40'000)(random)));
    ::kill(writer, SIGKILL);
    ::waitpid(writer, nullptr, 0);
    int flushed = -1;
    for (int second = 0; ::read(pipe_ends[0], &second, sizeof second) == sizeof second;) flushed = second;
    ::close(pipe_ends[0]);
    if (flushed < 0) continue;  // before its first second

    const auto run = load_run(path);
    ASSERT_TRUE(run) << "round " << round << ": " << run.error().text();
    EXPECT_THAT(run->problems, IsEmpty());
    EXPECT_EQ(run->record.state, State::interrupted);
    std::int64_t last_ms = 0;
    ASSERT_TRUE(run->series.each_tick([&](const metric::Tick& got) {
      EXPECT_GT(got.time_ms, last_ms);
      last_ms = got.time_ms;
      ASSERT_EQ(got.values.size(), 20u);
      EXPECT_EQ(got.values[7].value, static_cast<double>(got.time_ms - kStartMs) / 100 + 7);
    }));
    EXPECT_GE(last_ms, kStartMs + 1000 * static_cast<std::int64_t>(flushed));
    EXPECT_FALSE(std::filesystem::exists(path + "-wal")) << "what was killed is tidied by who reads it";
    ++read_back;
  }
  EXPECT_GT(read_back, 10);
}

class Mounted {
 public:
  Mounted(const std::string& path, const char* kind, unsigned long flags, const char* options,
          const char* source)
      : path_(path), good_(::mount(source, path.c_str(), kind, flags, options) == 0) {}
  ~Mounted() {
    if (good_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  Mounted(const Mounted&) = delete;
  Mounted& operator=(const Mounted&) = delete;
  bool good() const { return good_; }

 private:
  std::string path_;
  bool good_;
};

TEST_F(RunFileTest, OnAFullDiskGoesOnAndWritesWhenThereIsRoom) {
  const std::string disk = folder_.path() + "/disk";
  ASSERT_TRUE(std::filesystem::create_directory(disk));
  const Mounted mounted(disk, "tmpfs", 0, "size=600k", "none");
  if (!mounted.good()) GTEST_SKIP() << "only root may mount a small disk";
  const std::string path = disk + "/a.ullage";
  const std::string filler = disk + "/filler";

  auto file = RunFile::create(path);
  ASSERT_TRUE(file);
  live(*file, 0, 5);
  {
    std::ofstream(filler) << std::string(600 << 10, 'x');
  }
  int failed = 0;
  std::string said;
  for (int second = 5; second < 300; ++second) {
    file->append(tick(second), table_);
    file->set_record(record_at(second));
    if (const auto flushed = file->flush(); !flushed) {
      ++failed;
      said = flushed.error().text();
      EXPECT_EQ(flushed.error().system_error, ENOSPC);
    }
  }
  EXPECT_GT(failed, 0);
  EXPECT_THAT(said, HasSubstr("no room left on the disk"));
  std::filesystem::remove(filler);
  live(*file, 300, 302);
  EXPECT_EQ(file->dropped_ticks(), 0u);
  ASSERT_TRUE(file->close());
  const auto run = load_run(path);
  ASSERT_TRUE(run) << run.error().text();
  EXPECT_EQ(count_ticks(*run), 302u);
  EXPECT_EQ(run->record.events.size(), 31u);
}

TEST_F(RunFileTest, IsReadFromReadOnlyMediaAsItWasLeft) {
  const std::string folder = folder_.path() + "/runs";
  ASSERT_TRUE(std::filesystem::create_directory(folder));
  auto file = RunFile::create(folder + "/clean.ullage");
  live(*file, 0, 30);
  ASSERT_TRUE(file->close());
  auto living = RunFile::create(folder + "/living.ullage");
  live(*living, 0, 20);
  const pid_t killed = in_child([&] {
    auto torn = RunFile::create(folder + "/killed.ullage");
    live(*torn, 0, 25);
    ::kill(::getpid(), SIGKILL);
  });
  ::waitpid(killed, nullptr, 0);
  ASSERT_TRUE(std::filesystem::exists(folder + "/killed.ullage-wal"));
  std::filesystem::copy_file(folder + "/killed.ullage", folder + "/logless.ullage");
  std::filesystem::copy_file(folder + "/killed.ullage", folder + "/shmless.ullage");
  std::filesystem::copy_file(folder + "/killed.ullage-wal", folder + "/shmless.ullage-wal");

  const Mounted bound(folder, nullptr, MS_BIND, nullptr, folder.c_str());
  if (!bound.good()) GTEST_SKIP() << "only root may mount a folder read-only";
  ASSERT_EQ(::mount(nullptr, folder.c_str(), nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), 0);
  const auto ticks_of = [&](const std::string& name) {
    const auto run = load_run(folder + "/" + name);
    EXPECT_TRUE(run) << run.error().text();
    return run ? count_ticks(*run) : 0;
  };
  EXPECT_EQ(ticks_of("clean.ullage"), 30u);
  EXPECT_EQ(ticks_of("killed.ullage"), 25u);
  EXPECT_EQ(ticks_of("shmless.ullage"), 25u);
  EXPECT_EQ(ticks_of("living.ullage"), 20u);
  const auto logless = load_run(folder + "/logless.ullage");
  if (!logless) {
    EXPECT_THAT(logless.error().text(), HasSubstr("nothing was written"));
  }
}

TEST_F(RunFileTest, SaysWhyItCannotBeMade) {
  EXPECT_THAT(RunFile::create(folder_.path() + "/none/a.ullage").error().text(), HasSubstr("No such file"));
  auto file = RunFile::create(path_);
  EXPECT_THAT(RunFile::create(path_).error().text(), HasSubstr("File exists"));
}

}  // namespace
}  // namespace ullage::run
