// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/interpret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "heap/interpret/heap_file_fixture.h"
#include "heap/interpret/symbols.h"
#include "heap/profile.h"
#include "heap/track/format.h"

namespace ullage::heap {
namespace {

using file::BlockValues;
using file::OwnFrame;
using testing::ElementsAre;

constexpr file::PackedFrame call(std::uint64_t module, std::uint64_t offset) {
  return module << file::kModuleShift | offset;
}

// From the outermost call.
std::vector<std::string> stack_of(const Profile& profile, const Site& site) {
  std::vector<std::string> names;
  for (std::uint32_t node = site.node; node != 0; node = profile.nodes[node].parent)
    names.insert(names.begin(), profile.frames[profile.nodes[node].frame].function);
  return names;
}

class Interpret : public testing::Test {
 protected:
  Profile interpreted(HeapFileWriter& writer) {
    Symbols symbols;
    auto profile = interpret(folder_.write("42.heap", writer.finish()), symbols);
    EXPECT_TRUE(profile) << (profile ? "" : profile.error().text());
    return profile ? std::move(*profile) : Profile{};
  }
  TestFolder folder_;
};

TEST_F(Interpret, MakesStacksATreeAndTellsSitesApart) {
  HeapFileWriter writer;
  writer.module(1, "/nowhere/program");
  writer.thread_name(7, "worker");
  const auto thread = writer.node(own_frame(OwnFrame::thread, 7), 0);
  const auto outer = writer.node(call(1, 0x101), thread);
  const auto inner = writer.node(call(1, 0x201), outer);
  const auto small = writer.node(own_frame(OwnFrame::block, 4), inner);
  const auto large = writer.node(own_frame(OwnFrame::block, 9), inner);
  const auto mapped = writer.node(own_frame(OwnFrame::file, 13), outer);
  for (const auto node : {small, large, mapped})
    writer.logged({.node = node, .slot = 0, .allocated_count = 1, .allocated_bytes = 8, .samples = 1});
  const Profile profile = interpreted(writer);
  ASSERT_EQ(profile.sites.size(), 3u);
  EXPECT_THAT(stack_of(profile, profile.sites[0]), ElementsAre("program+0x100", "program+0x200"));
  EXPECT_EQ(profile.sites[0].node, profile.sites[1].node);
  EXPECT_EQ(profile.sites[0].size_class, 4);
  EXPECT_EQ(profile.sites[1].size_class, 9);
  EXPECT_EQ(profile.sites[2].kind, AllocationKind::file_mapping);
  EXPECT_THAT(stack_of(profile, profile.sites[2]), ElementsAre("program+0x100"));
  EXPECT_THAT(profile.threads, ElementsAre("worker"));
  EXPECT_THAT(profile.problems, ElementsAre(testing::HasSubstr("/nowhere/program")));
}

TEST_F(Interpret, AddsWhatHasTheSameNames) {
  HeapFileWriter writer;
  writer.module(1, "/nowhere/program");
  writer.module(2, "/nowhere/program");  // mapped once more, elsewhere
  for (const std::uint64_t module : {1, 2}) {
    const auto node = writer.node(own_frame(OwnFrame::block, 4), writer.node(call(module, 0x101), 0));
    writer.logged({.node = node, .slot = 0, .allocated_count = 1, .allocated_bytes = 8, .samples = 1});
    writer.live(static_cast<std::uint32_t>(module),
                std::vector<BlockValues>{{.address = 0x1000 * module, .size = 8, .node = node}});
  }
  const Profile profile = interpreted(writer);
  ASSERT_EQ(profile.sites.size(), 1u);
  ASSERT_EQ(profile.changes.size(), 1u);
  EXPECT_EQ(profile.changes[0].allocated_count, 2);
  ASSERT_EQ(profile.living.size(), 1u);
  EXPECT_EQ(profile.living[0].bytes, 16);
}

TEST_F(Interpret, RoundsEstimatesWithoutDriftingOff) {
  HeapFileWriter writer(file::Mode::sampled);
  const auto node = writer.node(own_frame(OwnFrame::block, 4), 0);
  constexpr std::uint32_t kSlots = 1000;
  constexpr double kBytes = 12'345.678, kCount = 1.2345;
  for (std::uint32_t slot = 0; slot < kSlots; ++slot)
    writer.logged({.node = node,
                   .slot = slot,
                   .allocated_count = kCount,
                   .allocated_bytes = kBytes,
                   .freed_count = kCount,
                   .freed_bytes = kBytes,
                   .samples = 1});
  double allocated = 0, live = 0;
  for (const Change& change : interpreted(writer).changes) {
    allocated += change.allocated_bytes;
    live += change.allocated_bytes - change.freed_bytes;
    EXPECT_EQ(change.allocated_bytes, std::trunc(change.allocated_bytes));
    EXPECT_NEAR(allocated, kBytes * (change.slot + 1), 0.5);
  }
  EXPECT_EQ(live, 0);
}

TEST_F(Interpret, NamesCodeOfNoFileAndStacksWithoutRoom) {
  HeapFileWriter writer;
  const auto made_up = writer.node(own_frame(OwnFrame::block, 4), writer.node(call(0, 0x7f1234), 0));
  const auto unknown = writer.node(own_frame(OwnFrame::block, 4), writer.node(call(9, 0x10), 0));
  const auto no_room = writer.node(own_frame(OwnFrame::no_room, 0), 0);
  for (const auto node : {made_up, unknown, no_room})
    writer.logged({.node = node, .slot = 0, .allocated_count = 1, .allocated_bytes = 8, .samples = 1});
  const Profile profile = interpreted(writer);
  ASSERT_EQ(profile.sites.size(), 3u);
  EXPECT_THAT(stack_of(profile, profile.sites[0]), ElementsAre("0x7f1234"));
  EXPECT_THAT(stack_of(profile, profile.sites[1]), ElementsAre("(module 9)+0x10"));
  EXPECT_THAT(stack_of(profile, profile.sites[2]), ElementsAre("(no room)"));
}

TEST_F(Interpret, AFileBesideItNamesWhatIsLost) {
  HeapFileWriter writer;
  const auto node = writer.node(own_frame(OwnFrame::block, 4), 0);
  writer.live(0, std::vector<BlockValues>{{.address = 0x1000, .size = 8, .node = node},
                                          {.address = 0xab000, .size = 5, .node = node}});
  folder_.write("42.lost", "ab000\n0xcd000\nnot an address\n");
  const Profile profile = interpreted(writer);
  ASSERT_EQ(profile.living.size(), 2u);
  EXPECT_EQ(profile.living[0].reach, Reach::reachable);
  EXPECT_EQ(profile.living[0].bytes, 8);
  EXPECT_EQ(profile.living[1].reach, Reach::lost);
  EXPECT_EQ(profile.living[1].bytes, 5);
}

TEST_F(Interpret, WhatTheLoaderKeepsIsNotLost) {
  HeapFileWriter writer;
  writer.module(1, "/lib64/ld-linux-x86-64.so.2");
  const auto node = writer.node(own_frame(OwnFrame::block, 4), writer.node(call(1, 0x10), 0));
  writer.live(0, std::vector<BlockValues>{{.address = 0xab000, .size = 8, .node = node}});
  folder_.write("42.lost", "ab000\n");
  const Profile profile = interpreted(writer);
  ASSERT_EQ(profile.living.size(), 1u);
  EXPECT_EQ(profile.living[0].reach, Reach::reachable);
}

TEST_F(Interpret, TheProfilersOwnFrameAroundMainIsLeftOut) {
  HeapFileWriter writer;
  writer.module(1, "/nowhere/program");
  writer.module(2, "/nowhere/libullage_heap.so");
  const auto around = writer.node(call(2, 0x20), writer.node(call(1, 0x10), 0));
  const auto node = writer.node(own_frame(OwnFrame::block, 4), writer.node(call(1, 0x30), around));
  writer.logged({.node = node, .slot = 0, .allocated_count = 1, .allocated_bytes = 8, .samples = 1});
  const Profile profile = interpreted(writer);
  ASSERT_EQ(profile.sites.size(), 1u);
  EXPECT_THAT(stack_of(profile, profile.sites[0]), ElementsAre("program+0xf", "program+0x2f"));
}

}  // namespace
}  // namespace ullage::heap
