// SPDX-License-Identifier: Apache-2.0
#include "run/heap_profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heap/interpret/heap_file_fixture.h"
#include "heap/profile.h"
#include "heap/track/format.h"
#include "run/example_record.h"
#include "run/run_file.h"

namespace ullage::run {
namespace {

using heap::HeapFileWriter;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class HeapProfiles : public testing::Test {
 protected:
  RunFile living() {
    auto file = RunFile::create(run_);
    EXPECT_TRUE(file);
    file->set_record(example_record());
    EXPECT_TRUE(file->flush());
    return std::move(*file);
  }
  void profile_of(std::uint32_t pid, std::string_view name, std::uint32_t version = heap::file::kVersion) {
    std::filesystem::create_directories(heap_folder(run_));
    HeapFileWriter writer;
    writer.header().pid = pid;
    writer.header().version = version;
    const auto node = writer.node(own_frame(heap::file::OwnFrame::block, 4), 0);
    writer.logged({.node = node, .slot = 0, .allocated_count = 1, .allocated_bytes = 8, .samples = 1});
    folder_.write("20261124-064012-k3f9.heap/" + std::string(name), writer.finish());
  }
  std::vector<std::uint32_t> pids() {
    std::vector<std::uint32_t> found;
    const auto profiles = load_heap(run_);
    EXPECT_TRUE(profiles) << (profiles ? "" : profiles.error().text());
    for (const heap::Profile& profile : profiles.value_or(std::vector<heap::Profile>()))
      found.push_back(profile.pid);
    return found;
  }

  heap::TestFolder folder_;
  std::string run_ = folder_.path("20261124-064012-k3f9.ullage");
};

TEST_F(HeapProfiles, OfAnEndedRunAreFoldedIntoItsFile) {
  ASSERT_TRUE(living().close());
  profile_of(42, "42.heap");
  profile_of(7, "7-2.heap");
  EXPECT_TRUE(has_heap(run_));
  EXPECT_THAT(pids(), ElementsAre(7, 42));
  EXPECT_FALSE(std::filesystem::exists(heap_folder(run_)));
  EXPECT_TRUE(has_heap(run_));
  EXPECT_THAT(pids(), ElementsAre(7, 42));
  const auto profiles = load_heap(run_);
  EXPECT_EQ(profiles->at(0).changes.at(0).allocated_bytes, 8);
  EXPECT_TRUE(load_run(run_)) << "the run is what it was";
}

TEST_F(HeapProfiles, OfALivingRunAreReadWhereTheyLie) {
  {
    const RunFile file = living();
    profile_of(42, "42.heap");
    EXPECT_THAT(pids(), ElementsAre(42));
    EXPECT_TRUE(std::filesystem::exists(heap_folder(run_)));
    EXPECT_FALSE(fold_heap(run_));
  }
  EXPECT_TRUE(fold_heap(run_));
  EXPECT_FALSE(std::filesystem::exists(heap_folder(run_)));
  EXPECT_THAT(pids(), ElementsAre(42));
}

TEST_F(HeapProfiles, ARunWithoutAnyHasNone) {
  ASSERT_TRUE(living().close());
  EXPECT_FALSE(has_heap(run_));
  EXPECT_THAT(pids(), IsEmpty());
  EXPECT_TRUE(fold_heap(run_));
  EXPECT_FALSE(load_heap(folder_.path("none.ullage")));
}

TEST_F(HeapProfiles, WhatCannotBeReadIsToldAndTheRestIsThere) {
  ASSERT_TRUE(living().close());
  profile_of(42, "42.heap");
  folder_.write("20261124-064012-k3f9.heap/43.heap", "something else");
  folder_.write("20261124-064012-k3f9.heap/44.heap", "");
  ASSERT_TRUE(fold_heap(run_));
  const auto profiles = load_heap(run_);
  ASSERT_TRUE(profiles);
  ASSERT_EQ(profiles->size(), 2u);
  EXPECT_EQ(profiles->at(0).pid, 43u);
  EXPECT_THAT(profiles->at(0).problems, ElementsAre(HasSubstr("not a heap profiler's file")));
  EXPECT_EQ(profiles->at(1).pid, 42u);
}

TEST_F(HeapProfiles, FilesOfANewerUllageAreKept) {
  ASSERT_TRUE(living().close());
  profile_of(42, "42.heap");
  profile_of(43, "43.heap", heap::file::kVersion + 1);
  EXPECT_THAT(pids(), ElementsAre(43, 42));
  EXPECT_TRUE(std::filesystem::exists(folder_.path("20261124-064012-k3f9.heap/43.heap")));
}

TEST_F(HeapProfiles, FoldedBySomebodyElseMeanwhileStay) {
  ASSERT_TRUE(living().close());
  std::vector<heap::Profile> stored(2);
  stored[0].pid = 1;
  stored[1].pid = 2;
  ASSERT_TRUE(save_heap(run_, stored));
  profile_of(1, "1.heap");  // the other one has stored, and not removed it yet
  EXPECT_THAT(pids(), ElementsAre(1, 2));
  EXPECT_FALSE(std::filesystem::exists(heap_folder(run_)));
}

TEST_F(HeapProfiles, OnWhatCannotBeWrittenAreReadWhereTheyLie) {
  ASSERT_TRUE(living().close());
  profile_of(42, "42.heap");
  folder_.write("20261124-064012-k3f9.ullage", "no run at all");
  EXPECT_FALSE(fold_heap(run_));
  EXPECT_THAT(pids(), ElementsAre(42));
  EXPECT_TRUE(std::filesystem::exists(heap_folder(run_)));
}

}  // namespace
}  // namespace ullage::run
