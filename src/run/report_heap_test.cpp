// SPDX-License-Identifier: Apache-2.0
#include "run/report_heap.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "heap/analyze/profile_fixture.h"
#include "heap/profile.h"
#include "run/record.h"

namespace ullage::run {
namespace {

std::vector<heap::Profile> example() {
  std::vector<heap::Block> blocks{
      {.stack = "main;load", .born_seconds = 5, .died_seconds = 40, .bytes = 1000}};
  for (int i = 0; i < 300; ++i) blocks.push_back({.stack = "main;leak@a.cpp:4", .born_seconds = i * 0.2});
  return {heap::profile_of(blocks)};
}
Record with_phase() {
  Record record;
  record.id = "run-1";
  record.phases = {{.name = "load", .begin_ms = 0, .end_ms = example()[0].started_ms + 20'000},
                   {.name = "unended", .begin_ms = 0}};
  return record;
}

TEST(ReportHeap, HasAMomentForEachPhaseThatEnded) {
  const auto json = nlohmann::json::parse(heap_json(with_phase(), example(), 100));
  std::vector<std::string> names;
  for (const auto& moment : json["flame"]["moments"]) names.push_back(moment["name"]);
  EXPECT_EQ(names, (std::vector<std::string>{"at exit", "at the peak", "after load", "a third into the run",
                                             "two thirds into the run", "allocated in all",
                                             "freed almost at once"}));
  EXPECT_EQ(json["flame"]["moments"][2]["bytes"], (nlohmann::json{1000, 10'100}));
}

TEST(ReportHeap, NamesWhoIsToBlameAndLeavesStacksToTheTree) {
  const auto json = nlohmann::json::parse(heap_json(with_phase(), example(), 100));
  const nlohmann::json& leak = json["leaks"]["leaks"][0];
  EXPECT_EQ(leak["kind"], "growing");
  EXPECT_EQ(leak["function"], "leak");
  EXPECT_EQ(leak["place"], "a.cpp:4");
  EXPECT_FALSE(leak.contains("stack"));
}

}  // namespace
}  // namespace ullage::run
