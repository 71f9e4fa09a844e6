// SPDX-License-Identifier: Apache-2.0
#include "run/growth_verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "heap/profile.h"
#include "metric/series.h"
#include "run/example_record.h"
#include "run/record.h"
#include "run/series_view.h"

namespace ullage::run {
namespace {

using testing::HasSubstr;
using Curve = std::function<double(double seconds)>;
constexpr double kMi = 1 << 20;

// Two minutes of a run of a large process and a small one, one sample every 0.4 s.
class SampledRun {
 public:
  SampledRun() : record(example_record()) {
    record.wall_seconds = 120;
    record.phases.clear();
    for (Process& process : record.process_table) process.end_ms = kExampleStartMs + 120'000;
  }
  SampledRun& with(const std::string& metric, Curve curve, const metric::Labels& labels = {}) {
    curves_.emplace_back(table_.id(metric, labels), std::move(curve));
    return *this;
  }
  std::vector<Growth> verdicts(const std::vector<heap::Profile>& profiles = {}) const {
    std::vector<metric::Tick> ticks;
    for (int i = 0; i <= 300; ++i) {
      ticks.push_back({kExampleStartMs + 400L * i, {}});
      for (const auto& [series, curve] : curves_) ticks.back().values.push_back({series, curve(i * 0.4)});
    }
    std::vector<metric::SeriesKey> keys;
    for (metric::SeriesId id = 0; id < table_.size(); ++id) keys.push_back(table_.key(id));
    return growth_verdicts(record, view_of(keys, ticks), profiles);
  }

  Record record;

 private:
  metric::SeriesTable table_;
  std::vector<std::pair<metric::SeriesId, Curve>> curves_;
};

const Growth& of(const std::vector<Growth>& verdicts, const std::string& resource) {
  const auto found = std::ranges::find(verdicts, resource, &Growth::resource);
  if (found == verdicts.end()) throw std::out_of_range(resource);
  return *found;
}

TEST(GrowthVerdicts, AWholeRunHasOneOfEachThatWasSampled) {
  SampledRun run;
  run.with("ullage_run_used_bytes", [](double s) { return 100 * kMi + kMi * s; })
      .with("ullage_process_anonymous_bytes", [](double s) { return 90 * kMi + kMi * s; },
            {{"name", "python3"}, {"pid", "1234"}})
      .with("ullage_run_threads", [](double s) { return 4 + std::floor(s / 3); })
      .with("ullage_run_open_files", [](double s) { return 10 + std::min(std::floor(s), 40.0); })
      .with("ullage_run_processes", [](double) { return 3; })
      .with("ullage_run_swap_bytes", [](double) { return 0; });
  const auto verdicts = run.verdicts();
  ASSERT_EQ(verdicts.size(), 5u);  // nothing was swapped
  EXPECT_EQ(verdicts[0].resource, "memory");
  EXPECT_EQ(verdicts[0].kind, "growing");
  EXPECT_NEAR(*verdicts[0].rate_per_second, kMi, 0.02 * kMi);
  EXPECT_THAT(verdicts[0].text, HasSubstr("by 1.00 MiB/s"));
  EXPECT_EQ(of(verdicts, "anonymous").process, "python3 (1234)");
  EXPECT_EQ(of(verdicts, "anonymous").kind, "growing");
  EXPECT_EQ(of(verdicts, "threads").kind, "growing");
  EXPECT_EQ(of(verdicts, "threads").unit, "count");
  EXPECT_THAT(of(verdicts, "threads").text, HasSubstr("a minute"));
  EXPECT_EQ(of(verdicts, "open_files").kind, "settled");
  EXPECT_FALSE(of(verdicts, "open_files").rate_per_second);
  EXPECT_EQ(of(verdicts, "processes").kind, "steady");
  // What grows stands before what does not.
  EXPECT_TRUE(std::ranges::is_partitioned(verdicts, is_growing));
}

TEST(GrowthVerdicts, SharedMemoryIsTheCgroupsWhereItIsKnown) {
  const auto leak = [](double s) { return 10 * kMi + kMi * s; };
  SampledRun told;
  told.with("ullage_run_shared_bytes", leak);
  EXPECT_EQ(of(told.verdicts(), "shared").kind, "growing");
  SampledRun untold;  // one segment that both have
  untold.with("ullage_process_shared_bytes", leak, {{"name", "a"}, {"pid", "1"}})
      .with("ullage_process_shared_bytes", leak, {{"name", "b"}, {"pid", "2"}});
  EXPECT_NEAR(*of(untold.verdicts(), "shared").rate_per_second, kMi, 0.02 * kMi);
}

TEST(GrowthVerdicts, APhasesOwnMemoryIsNoGrowth) {
  SampledRun run;
  run.with("ullage_run_used_bytes", [](double s) {
    return kMi * (100 + (s < 30 ? 0 : s < 60 ? 200 : s < 90 ? 400 : 600));
  });
  const auto phase = [](std::string name, int begin, int end) {
    return Phase{.name = std::move(name),
                 .begin_ms = kExampleStartMs + 1000L * begin,
                 .end_ms = kExampleStartMs + 1000L * end,
                 .peak_bytes = {},
                 .cpu_seconds = {}};
  };
  run.record.phases = {phase("a", 0, 30), phase("b", 30, 60), phase("c", 60, 90), phase("d", 90, 120)};
  EXPECT_EQ(run.verdicts()[0].kind, "settled");
}

TEST(GrowthVerdicts, AShortRunSaysSoOnce) {
  SampledRun run;
  run.record.phases.clear();
  run.with("ullage_run_used_bytes", [](double) { return kMi; }).with("ullage_run_threads", [](double) {
    return 1;
  });
  metric::SeriesTable table;
  const auto used = table.id("ullage_run_used_bytes");
  const auto threads = table.id("ullage_run_threads");
  std::vector<metric::Tick> ticks;
  for (int i = 0; i < 10; ++i) ticks.push_back({kExampleStartMs + 20L * i, {{used, 1e6 * i}, {threads, 1}}});
  const std::vector<metric::SeriesKey> keys{table.key(used), table.key(threads)};
  const auto verdicts = growth_verdicts(run.record, view_of(keys, ticks));
  ASSERT_EQ(verdicts.size(), 1u);
  EXPECT_EQ(verdicts[0].kind, "unclear");
  EXPECT_EQ(verdicts[0].confidence, 0);
}

// What lives on the heap is the same all the time, but more and more is resident.
TEST(GrowthVerdicts, AProfiledHeapShowsFragmentation) {
  heap::Profile profile;
  profile.pid = 1234;
  profile.started_ms = kExampleStartMs;
  for (int i = 1; i <= 240; ++i) profile.slot_ends_ms.push_back(kExampleStartMs + 500L * i);
  profile.sites.emplace_back();
  heap::Change first{};
  first.allocated_count = 10;
  first.allocated_bytes = 50 * kMi;
  profile.changes.push_back(first);
  SampledRun run;
  run.with("ullage_run_used_bytes", [](double s) { return 60 * kMi + kMi * s; })
      .with("ullage_process_anonymous_bytes", [](double s) { return 60 * kMi + kMi * s; },
            {{"name", "python3"}, {"pid", "1234"}});
  const auto verdicts = run.verdicts({profile});
  const Growth& gap = of(verdicts, "fragmentation");
  EXPECT_EQ(gap.kind, "growing");
  EXPECT_EQ(gap.process, "python3 (1234)");
  EXPECT_NEAR(gap.level, 128 * kMi, 4 * kMi);
}

}  // namespace
}  // namespace ullage::run
