// SPDX-License-Identifier: Apache-2.0
#include "session/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "run/record.h"
#include "run/run_file.h"
#include "run/series_view.h"
#include "sense/proc/process_tree.h"
#include "sense/sample.h"
#include "session/accounts.h"

namespace ullage::session {
namespace {

using testing::HasSubstr;

class RecorderTest : public testing::Test {
 protected:
  ~RecorderTest() override { std::filesystem::remove_all(folder_); }

  static std::string make_folder() {
    std::string name = testing::TempDir() + "/recorder-XXXXXX";
    return ::mkdtemp(name.data());
  }
  static run::Record start() {
    run::Record record;
    record.id = "20261124-064012-k3f9";
    record.command = {"true"};
    record.started_ms = 1'000;
    return record;
  }
  std::string folder_ = make_folder(), path_ = folder_ + "/run.ullage";
  Accounts accounts_{1, 2000};
};

// `ullage run true` told of an average of 0 bytes beside a peak of 1.5 MiB; where nobody may read exit
// records, of a peak of 0, too.
TEST_F(RecorderTest, WhatNoLookHasSeenIsAbsentAndNotNothing) {
  Recorder recorder(path_, start(), {});
  const auto look = [&](std::int64_t time_ms, std::uint64_t used_bytes) {
    recorder.look({.time_ms = time_ms, .used_bytes = used_bytes, .certain_bytes = used_bytes}, accounts_,
                  true);
  };
  look(1'000, 0);
  look(1'005, 0);
  EXPECT_EQ(recorder.record().memory.average_bytes, std::nullopt);
  EXPECT_EQ(recorder.record().memory.peak_bytes, std::nullopt);
  look(1'010, 1000);
  EXPECT_EQ(recorder.record().memory.average_bytes, std::nullopt);
  look(1'020, 1000);
  EXPECT_EQ(recorder.record().memory.average_bytes, 625u);
}

TEST_F(RecorderTest, ThePeakIsAlsoToldWithoutWhatWaitedToBeWritten) {
  Recorder recorder(path_, start(), {.cgroup_is_own = true, .cgroup_id = "/a"});
  sense::CgroupSample cgroup;
  cgroup.anonymous_bytes = 100;
  const auto look = [&](std::int64_t time_ms, std::uint64_t used_bytes, std::uint64_t dirty_bytes) {
    recorder.look({.time_ms = time_ms,
                   .cgroup = &cgroup,
                   .used_bytes = used_bytes,
                   .certain_bytes = used_bytes,
                   .dirty_bytes = dirty_bytes},
                  accounts_, true);
  };
  look(1'000, 500, 0);
  EXPECT_EQ(recorder.record().memory.peak_without_dirty_bytes, std::nullopt);
  look(1'020, 1000, 900);
  look(1'040, 700, 100);
  EXPECT_EQ(recorder.record().memory.peak_bytes, 1000u);
  EXPECT_EQ(recorder.record().memory.peak_without_dirty_bytes, 600u);
}

TEST_F(RecorderTest, EventsAreBoundedCountedAndThatIsSaidOnce) {
  // A child that wrote `event` lines for six seconds left 124,000 of them, and 136 MB resident.
  Recorder recorder(path_, start(), {});
  for (std::size_t i = 0; i < Recorder::kEvents + 500; ++i) recorder.event(2'000, "emit", "info", "x");
  recorder.event(3'000, "memory_warning", "warning", "memory is at 82 %");
  ASSERT_TRUE(recorder.flush(accounts_));
  ASSERT_TRUE(recorder.close(accounts_));
  const auto run = run::load_run(path_);
  ASSERT_TRUE(run) << run.error().text();
  const auto& events = run->record.events;
  ASSERT_EQ(events.size(), Recorder::kEvents + 2);
  EXPECT_THAT(events[Recorder::kEvents].text,
              HasSubstr("more events than a run keeps (10000, or 4.00 MiB of text)"));
  EXPECT_EQ(events.back().kind, "memory_warning");
  EXPECT_EQ(run->record.sampling.dropped_samples, 500u);
}

TEST_F(RecorderTest, EachFlushAddsTheNewEvents) {
  Recorder recorder(path_, start(), {});
  for (const char* text : {"a", "b", "c"}) {
    recorder.event(2'000, "emit", "info", text);
    ASSERT_TRUE(recorder.flush(accounts_));
  }
  EXPECT_EQ(recorder.record().events.size(), 3u);
  const auto run = run::load_run(path_);
  ASSERT_TRUE(run) << run.error().text();
  ASSERT_EQ(run->record.events.size(), 3u);
  EXPECT_EQ(run->record.events[2].text, "c");
}

TEST_F(RecorderTest, TheRecordOfManyProcessesIsWrittenNowAndThenAndItsEventsEachTime) {
  std::vector<sense::TreeProcess> living(300);
  for (std::size_t i = 0; i < living.size(); ++i) {
    living[i].sample.pid = 100 + static_cast<std::int64_t>(i);
    living[i].sample.parent_pid = 1;
    living[i].sample.name = "p";
  }
  accounts_.observe(living, {}, 1'000);
  Recorder recorder(path_, start(), {});
  ASSERT_TRUE(recorder.flush(accounts_));
  recorder.record().wall_seconds = 5;
  recorder.event(2'000, "emit", "info", "now");
  ASSERT_TRUE(recorder.flush(accounts_));
  const auto run = run::load_run(path_);
  ASSERT_TRUE(run) << run.error().text();
  EXPECT_EQ(run->record.wall_seconds, 0);
  EXPECT_EQ(run->record.process_table.size(), 300u);
  EXPECT_EQ(run->record.events.size(), 1u);
  for (int flush = 0; flush < 10; ++flush) ASSERT_TRUE(recorder.flush(accounts_));
  EXPECT_EQ(run::load_run(path_)->record.wall_seconds, 5);
}

// They were repeated at each tick, so that a rate over them was first 0 and then too great.
TEST_F(RecorderTest, WhatIsReadRarelyIsStoredWhenItWasRead) {
  sense::HostSample host;
  sense::CgroupSample cgroup;
  Recorder recorder(path_, start(), {});
  for (std::int64_t time_ms = 2'000; time_ms < 2'100; time_ms += 20) {
    host.memory_total_bytes = static_cast<std::uint64_t>(time_ms);
    cgroup.current_bytes = static_cast<std::uint64_t>(time_ms);
    cgroup.pressure.cpu.some_seconds = 0.001 * static_cast<double>(time_ms);
    const bool is_read = time_ms % 40 == 0;
    recorder.look({.time_ms = time_ms,
                   .cgroup = &cgroup,
                   .cgroup_is_whole = is_read,
                   .host = is_read ? &host : nullptr},
                  accounts_, true);
  }
  ASSERT_TRUE(recorder.close(accounts_));
  const auto run = run::load_run(path_);
  ASSERT_TRUE(run) << run.error().text();
  const auto values = [&](const char* metric) {
    std::vector<double> found;
    const auto samples = run::summed(run::view_of(run->series), metric);
    for (const auto& sample : samples.value()) found.push_back(sample.value);
    return found;
  };
  EXPECT_THAT(values("node_memory_MemTotal_bytes"), testing::ElementsAre(2'000, 2'040, 2'080));
  EXPECT_THAT(values("container_pressure_cpu_waiting_seconds_total"), testing::ElementsAre(2.0, 2.04, 2.08));
  EXPECT_EQ(values("container_memory_usage_bytes").size(), 5u);
}

}  // namespace
}  // namespace ullage::session
