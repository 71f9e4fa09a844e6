// SPDX-License-Identifier: Apache-2.0
#include "run/heap_run.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "heap/analyze/profile_fixture.h"
#include "heap/profile.h"
#include "run/record.h"

namespace ullage::run {
namespace {

TEST(HeapRun, AProcessLivesAsLongAsTheRunSaysThoughItAllocatesNoMore) {
  std::vector<heap::Profile> profiles{heap::profile_of({{.bytes = 8}}, {.seconds = 10, .pid = 7}),
                                      heap::profile_of({{.bytes = 8}}, {.seconds = 10, .pid = 8}),
                                      heap::profile_of({{.bytes = 8}}, {.seconds = 10, .pid = 9})};
  for (heap::Profile& profile : profiles) profile.has_ended_by_exit = false;
  profiles.push_back(heap::profile_of({{.bytes = 8}}, {.seconds = 10, .pid = 7}));  // came to its exit
  profiles[2].started_ms += 1;
  const std::int64_t begin_ms = profiles[0].started_ms;
  Record record;
  record.started_ms = begin_ms;
  record.wall_seconds = 60;
  record.process_table = {{.pid = 7, .end_ms = begin_ms + 30'000}, {.pid = 8}};
  set_ends(profiles, record);
  EXPECT_EQ(profiles[0].ended_ms, begin_ms + 30'000);
  EXPECT_EQ(profiles[1].ended_ms, begin_ms + 60'000);  // until the run's end
  EXPECT_EQ(profiles[2].ended_ms, begin_ms + 10'000);  // nothing else is known
  EXPECT_EQ(profiles[3].ended_ms, begin_ms + 10'000);
}

TEST(HeapRun, OfAProcessThatExecsOnlyTheLastProgramLivesUntilItsEnd) {
  std::vector<heap::Profile> profiles{heap::profile_of({{.bytes = 8}}, {.seconds = 10, .pid = 7})};
  profiles[0].has_ended_by_exit = false;
  profiles.push_back(profiles[0]);
  profiles[1].started_ms += 10'000;
  Record record;
  record.started_ms = profiles[0].started_ms;
  record.wall_seconds = 60;
  record.process_table = {{.pid = 7}};
  set_ends(profiles, record);
  EXPECT_EQ(profiles[0].ended_ms, record.started_ms + 10'000);
  EXPECT_EQ(profiles[1].ended_ms, record.started_ms + 60'000);
}

}  // namespace
}  // namespace ullage::run
