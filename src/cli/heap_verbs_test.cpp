// SPDX-License-Identifier: Apache-2.0
// `ullage heap` over two runs of a minute: one that serves from a cache and leaks beside it, and one before
// the leak was there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "cli/call_ullage.h"
#include "cli/golden.h"
#include "heap/analyze/profile_fixture.h"
#include "heap/profile.h"
#include "run/example_record.h"
#include "run/heap_profiles.h"
#include "run/record.h"
#include "run/run_file.h"

namespace ullage::cli {
namespace {

using heap::Block;
using run::kExampleStartMs;
using testing::HasSubstr;

std::vector<Block> habits(bool leaks) {
  const std::string main = "main@serve.cpp:12;";
  std::vector<Block> blocks{{.stack = main + "load@table.cpp:30", .born_seconds = 0.5, .bytes = 65'536}};
  for (int i = 0; i < 600; ++i) {
    const double now = i / 10.0;
    if (leaks)
      blocks.push_back({.stack = main + "answer@serve.cpp:40;remember@audit.cpp:7;operator new",
                        .born_seconds = now,
                        .bytes = 4096,
                        .thread = 1});
    blocks.push_back({.stack = main + "answer@serve.cpp:41;look_up@cache.cpp:19",
                      .born_seconds = now,
                      .died_seconds = now + 5,
                      .bytes = 2000,
                      .thread = 1});
    blocks.push_back({.stack = main + "answer@serve.cpp:43;format@text.cpp:88",
                      .born_seconds = now,
                      .died_seconds = now + 0.05,
                      .bytes = 500,
                      .thread = 1,
                      .is_temporary = true});
  }
  if (leaks)
    blocks.push_back(
        {.stack = main + "forget@serve.cpp:60", .born_seconds = 30, .bytes = 7000, .is_lost = true});
  return blocks;
}

class HeapVerbs : public testing::Test {
 protected:
  void SetUp() override {
    state_ = (std::filesystem::temp_directory_path() / ("ullage-heap-verbs-" + std::to_string(::getpid())))
                 .string();
    std::filesystem::create_directories(state_ + "/runs");
    keep("20261124-070000-befo", 0, habits(false), 0);
    keep("20261124-071000-leak", 600'000, habits(true), 0);
  }
  void TearDown() override { std::filesystem::remove_all(state_); }

  void keep(const std::string& id, std::int64_t after_ms, const std::vector<Block>& blocks,
            double mean_bytes) {
    const std::string path = state_ + "/runs/" + id + ".ullage";
    run::Record record = run::example_record();
    record.id = id;
    record.started_ms = kExampleStartMs + after_ms;
    record.wall_seconds = 60;
    record.phases = {
        {.name = "load", .begin_ms = record.started_ms, .end_ms = record.started_ms + 10'000},
        {.name = "serve", .begin_ms = record.started_ms + 10'000, .end_ms = record.started_ms + 60'000}};
    const heap::Profile profile =
        heap::profile_of(blocks, {.mean_bytes = mean_bytes, .started_ms = record.started_ms});
    {  // the profiles of a run that lives are not stored
      auto file = run::RunFile::create(path);
      ASSERT_TRUE(file) << file.error().text();
      file->set_record(std::move(record));
      ASSERT_TRUE(file->close());
    }
    ASSERT_TRUE(run::save_heap(path, {&profile, 1}));
  }

  Said call(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "heap");
    arguments.insert(arguments.end(), {"--state", state_});
    return call_ullage(std::move(arguments));
  }

  std::string state_;
};

TEST_F(HeapVerbs, Top) {
  const Said said = call({"top"});
  EXPECT_EQ(said.exit_code, 0) << said.err;
  expect_golden("heap/top.txt", said.out);
  expect_golden("heap/top.json", call({"top", "--json"}).out);
  expect_golden("heap/top-peak-by-function.txt", call({"top", "--at", "peak", "--by", "function"}).out);
  expect_golden("heap/top-between-phases.txt", call({"top", "--between", "load", "serve"}).out);
  expect_golden("heap/top-temporary.txt", call({"top", "--sort", "temporary", "--by", "thread"}).out);
}

TEST_F(HeapVerbs, TopOfASampledProfileHasIntervals) {
  keep("20261124-072000-smpl", 1'200'000, habits(true), 64 << 10);
  expect_golden("heap/top-sampled.txt", call({"top", "-n", "3"}).out);
}

TEST_F(HeapVerbs, Flame) {
  expect_golden("heap/flame.txt", call({"flame"}).out);
  expect_golden("heap/flame-inverted.txt", call({"flame", "--inverted"}).out);
}

TEST_F(HeapVerbs, Leaks) {
  const Said said = call({"leaks", "--fail-on", "growing,lost"});
  EXPECT_EQ(said.exit_code, 1);
  expect_golden("heap/leaks.txt", said.out);
  expect_golden("heap/leaks.json", call({"leaks", "--json"}).out);
  EXPECT_EQ(call({"leaks", "@2", "--fail-on", "growing,lost"}).exit_code, 0);
  expect_golden("heap/leaks-none.txt", call({"leaks", "@2"}).out);
}

TEST_F(HeapVerbs, Diff) {
  expect_golden("heap/diff.txt", call({"diff", "@2", "@1"}).out);
  expect_golden("heap/diff.json", call({"diff", "@2", "@1", "--json"}).out);
}

TEST_F(HeapVerbs, Export) {
  expect_golden("heap/export.collapsed", call({"export", "--format", "collapsed"}).out);
  expect_golden("heap/export.speedscope.json", call({"export", "--format", "speedscope"}).out);
}

TEST_F(HeapVerbs, WhatIsWrongIsSaid) {
  const Said moment = call({"top", "--at", "lunch"});
  EXPECT_EQ(moment.exit_code, 2);
  expect_golden("heap/no-such-moment.txt", moment.err);
  EXPECT_THAT(call({"top", "--process", "7"}).err, HasSubstr("no process 7 was profiled"));
  EXPECT_THAT(call({"leaks", "--scan"}).err, HasSubstr("the run has ended"));
  EXPECT_THAT(call({"leaks", "--fail-on", "groing"}).err, HasSubstr("growing"));
}

}  // namespace
}  // namespace ullage::cli
