// SPDX-License-Identifier: Apache-2.0
#include "run/live_runs.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "history/open_for_reading.h"
#include "metric/series.h"
#include "run/catalog.h"
#include "run/example_record.h"
#include "run/record.h"
#include "run/run_file.h"

namespace ullage::run {
namespace {

constexpr std::int64_t kNowMs = kExampleStartMs + 60'000;

class Live : public testing::Test {
 protected:
  void SetUp() override {
    auto made = history::ScratchFolder::make();
    ASSERT_TRUE(made);
    folder_ = std::move(*made);
    ASSERT_TRUE(runs_folder(folder_.path()));
  }
  RunFile begin(const std::string& id) {
    auto file = RunFile::create(folder_.path() + "/runs/" + id + ".ullage");
    EXPECT_TRUE(file) << file.error().text();
    Record record = example_record();
    record.id = id;
    record.state = State::running;
    record.pressure = {.scope = "cgroup", .cpu_some_seconds = 1.5, .memory_full_seconds = 0.25};
    record.phases = {{.name = "load", .begin_ms = 1, .end_ms = 2}, {.name = "train", .begin_ms = 2}};
    file->set_record(record);
    tick(*file, 1, 100);
    EXPECT_TRUE(file->flush());
    return std::move(*file);
  }
  static void tick(RunFile& file, std::int64_t second, double used_bytes) {
    metric::SeriesTable table;
    metric::Tick tick{.time_ms = kExampleStartMs + second * 1000};
    tick.add(table.id("ullage_run_used_bytes"), used_bytes);
    tick.add(table.id("ullage_run_cpu_seconds_total", {{"mode", "user"}}), static_cast<double>(second));
    tick.add(table.id("ullage_run_custom_gauge", {{"name", "loss"}, {"run_id", "mine"}}), 0.5);
    tick.add(table.id("ullage_process_resident_bytes", {{"pid", "12"}}), 1);
    file.append(tick, table);
  }
  static std::string texts(const LiveRuns::Look& look) {
    std::string all;
    for (const auto& [key, value] : look.values) all += fmt::format("{} {}\n", key.text(), value);
    return all;
  }

  history::ScratchFolder folder_;
};

TEST_F(Live, TellsWhatARunStoredLastAndWhatItsRecordKnows) {
  RunFile file = begin("20261124-064012-aaaa");
  LiveRuns runs(folder_.path());
  const auto look = runs.look(kNowMs);
  ASSERT_TRUE(look) << look.error().text();
  EXPECT_EQ(texts(*look),
            R"(ullage_run_start_time_seconds{run_id="20261124-064012-aaaa",run_name="train"} 1795502412.345
ullage_run_limit_bytes{run_id="20261124-064012-aaaa",run_name="train"} 2147483648
ullage_run_pressure_waiting_seconds_total{resource="cpu",run_id="20261124-064012-aaaa",run_name="train"} 1.5
ullage_run_pressure_stalled_seconds_total{resource="memory",run_id="20261124-064012-aaaa",run_name="train"} 0.25
ullage_run_phase{phase="train",run_id="20261124-064012-aaaa",run_name="train"} 1
ullage_run_used_bytes{run_id="20261124-064012-aaaa",run_name="train"} 100
ullage_run_cpu_seconds_total{mode="user",run_id="20261124-064012-aaaa",run_name="train"} 1
ullage_run_custom_gauge{name="loss",run_id="20261124-064012-aaaa",run_name="train"} 0.5
)");
  tick(file, 2, 250);
  ASSERT_TRUE(file.flush());
  const auto next = runs.look(kNowMs);
  EXPECT_NE(
      texts(*next).find("ullage_run_used_bytes{run_id=\"20261124-064012-aaaa\",run_name=\"train\"} 250"),
      std::string::npos);
}

TEST_F(Live, ARunThatHasEndedIsToldNoMore) {
  LiveRuns runs(folder_.path());
  {
    const RunFile file = begin("20261124-064012-aaaa");
    EXPECT_EQ(runs.look(kNowMs)->alive, 1u);
  }
  const auto look = runs.look(kNowMs);
  EXPECT_EQ(look->alive, 0u);
  EXPECT_EQ(texts(*look), "");
}

TEST_F(Live, TheNewestAreToldWhereThereAreTooMany) {
  const RunFile old = begin("20261124-064012-aaaa");
  const RunFile young = begin("20261125-064012-bbbb");
  LiveRuns runs(folder_.path(), {.runs = 1, .series_of_a_run = 2});
  const auto look = runs.look(kNowMs);
  EXPECT_EQ(look->alive, 2u);
  EXPECT_EQ(look->untold, 1u);
  ASSERT_EQ(look->values.size(), 2u);
  EXPECT_EQ(look->values[0].first.label("run_id"), "20261125-064012-bbbb");
}

TEST_F(Live, WithoutAFolderThereIsNone) {
  const auto look = LiveRuns("/nowhere/at/all").look(kNowMs);
  ASSERT_TRUE(look);
  EXPECT_EQ(look->alive, 0u);
}

}  // namespace
}  // namespace ullage::run
