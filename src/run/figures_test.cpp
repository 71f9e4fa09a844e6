// SPDX-License-Identifier: Apache-2.0
#include "run/figures.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "metric/series.h"
#include "run/advice.h"
#include "run/example_record.h"
#include "run/record.h"
#include "run/series_view.h"

namespace ullage::run {
namespace {

// The figures of a run of ten minutes whose used memory and CPU seconds are given over the second.
Figures of_curves(const std::function<double(double)>& used, const std::function<double(double)>& cpu,
                  double wall_seconds = 600) {
  metric::SeriesTable table;
  const auto used_id = table.id("ullage_run_used_bytes");
  const auto user = table.id("ullage_run_cpu_seconds_total", {{"mode", "user"}});
  const auto system = table.id("ullage_run_cpu_seconds_total", {{"mode", "system"}});
  const auto idle = table.id("node_cpu_seconds_total", {{"mode", "idle"}});
  std::vector<metric::Tick> ticks;
  for (int i = 0; i <= 200; ++i) {
    const double second = wall_seconds * i / 200;
    ticks.push_back(
        {kExampleStartMs + std::llround(second * 1000),
         {{used_id, used(second)}, {user, cpu(second)}, {system, 0.1 * second}, {idle, 2 * second}}});
  }
  std::vector<metric::SeriesKey> keys;
  for (metric::SeriesId id = 0; id < table.size(); ++id) keys.push_back(table.key(id));
  Record record = example_record();
  record.wall_seconds = wall_seconds;
  const SeriesView view = view_of(keys, ticks);
  return figures_of(record, &view);
}

double idle_cpu(double) { return 0; }

TEST(Figures, BusyCoresAreOfUserAndSystemTogether) {
  // Four cores for the first half, none then.
  const Figures f = of_curves([](double) { return 1e8; }, [](double s) { return 4 * std::min(s, 300.0); });
  ASSERT_TRUE(f.cores_p95);
  EXPECT_NEAR(*f.cores_p95, 4.1, 0.01);
  ASSERT_TRUE(f.machine_idle_cores);
  EXPECT_NEAR(*f.machine_idle_cores, 2, 0.01);
}

// `advise limits` of a short run told of "at most 0 threads at once".
TEST(Figures, WhereNoSampleMetAProcessThereWereAsManyThreadsAsProcesses) {
  metric::SeriesTable table;
  const auto threads = table.id("ullage_run_threads");
  Record record = example_record();
  record.processes.peak = 1;
  const std::vector<metric::SeriesKey> keys = {table.key(threads)};
  const std::vector<metric::Tick> ticks = {{kExampleStartMs, {{threads, 0}}}};
  const SeriesView view = view_of(keys, ticks);
  EXPECT_EQ(figures_of(record, &view).threads_peak, 1);
}

TEST(Figures, GrowthToTheEndIsSeen) {
  const Figures f = of_curves([](double s) { return 1e8 + 1e6 * s; }, idle_cpu);
  ASSERT_TRUE(f.growth);
  EXPECT_NEAR(f.growth->bytes_per_second, 1e6, 1e4);
  EXPECT_NEAR(f.growth->level_bytes, 7e8, 2e7);
  EXPECT_TRUE(grew_to_the_end(f));
  ASSERT_TRUE(f.growth->seconds_to_limit);
  EXPECT_NEAR(*f.growth->seconds_to_limit, (2.0 * kGiB - 7e8) / 1e6, 20);
}

TEST(Figures, APlateauIsNoGrowth) {
  EXPECT_FALSE(of_curves([](double s) { return 1e8 + 1e6 * std::min(s, 400.0); }, idle_cpu).growth);
}

TEST(Figures, ASawtoothIsNoGrowth) {
  EXPECT_FALSE(of_curves([](double s) { return 1e8 + 5e6 * std::fmod(s, 30.0); }, idle_cpu).growth);
}

// The growth gate failed a program of 16 MiB that crept by 161 KiB/s.
TEST(Figures, ASmallProgramThatCreepsDidNotGrow) {
  EXPECT_FALSE(of_curves([](double s) { return 10e6 + 161'000 * std::min(s, 40.0); }, idle_cpu, 60).growth);
}

// What grows while it starts is told by the verdict of growth, but is no reason to fail a run.
TEST(Figures, AShortRunIsNotJudgedForGrowth) {
  EXPECT_FALSE(of_curves([](double s) { return 1e8 * s; }, idle_cpu, 20).growth);
}

// "python3 held 296 MiB of the peak of 290 MiB (102 %)".
TEST(Figures, NoProcessHeldMoreThanTheRun) {
  Record record = example_record();
  record.memory.peak_bytes = *record.process_table.front().peak_bytes - 1;
  const Figures f = figures_of(record, nullptr);
  EXPECT_EQ(f.largest_process_bytes, f.peak_bytes);
}

TEST(Figures, WithoutSeriesTheRecordsOwn) {
  const Figures f = figures_of(example_record(), nullptr);
  EXPECT_FALSE(f.cores_p95);
  EXPECT_FALSE(f.growth);
  EXPECT_NEAR(*f.cores_mean, 1.8, 1e-9);
  EXPECT_EQ(f.largest_process, "python3 (1234)");
  EXPECT_TRUE(f.limit_is_set);
}

}  // namespace
}  // namespace ullage::run
