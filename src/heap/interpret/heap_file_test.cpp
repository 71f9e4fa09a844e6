// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/heap_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/sanitizer.h"
#include "heap/interpret/heap_file_fixture.h"
#include "heap/profile.h"
#include "heap/track/format.h"

namespace ullage::heap {
namespace {

using file::BlockValues;
using file::Mode;
using file::OwnFrame;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr BlockValues kEmpty{};
constexpr file::PackedFrame kCall = std::uint64_t{1} << file::kModuleShift | 0x1234;

// Names bytes of the file, whatever they are.
void add_part(file::FileHeader& header, file::ChunkKind kind, std::uint64_t offset, std::uint64_t bytes) {
  file::Chunk& chunk = header.chunks[header.chunk_count++];
  chunk.offset = offset;
  chunk.bytes = bytes;
  chunk.kind = kind;
}

class HeapFile : public testing::Test {
 protected:
  // A stack of one call, and what was allocated there.
  std::uint32_t site(HeapFileWriter& writer, std::uint64_t size = 100) {
    const auto thread = writer.node(own_frame(OwnFrame::thread, 1), 0);
    return writer.node(own_frame(OwnFrame::block, file::size_class(size)), writer.node(kCall, thread));
  }
  RawProfile read(HeapFileWriter& writer, const LostBlocks* lost = nullptr) {
    auto raw = read_heap_file(folder_.write("42.heap", writer.finish()), lost);
    EXPECT_TRUE(raw) << (raw ? "" : raw.error().text());
    return raw ? std::move(*raw) : RawProfile{};
  }
  std::string refusal(std::string_view bytes) {
    const auto raw = read_heap_file(folder_.write("42.heap", bytes));
    return raw ? "" : raw.error().text();
  }

  TestFolder folder_;
};

TEST_F(HeapFile, SaysWhoseItIs) {
  HeapFileWriter writer(Mode::sampled);
  writer.header().ended_by_exit = 1;
  writer.header().losses.no_room = 3;
  writer.module(1, "/bin/program", "\x12\x34");
  writer.thread_name(1, "program");
  const RawProfile raw = read(writer);
  EXPECT_EQ(raw.profile.pid, 42u);
  EXPECT_EQ(raw.profile.parent_pid, 41u);
  EXPECT_EQ(raw.profile.program, "/bin/program");
  EXPECT_EQ(raw.profile.mean_bytes, 512u << 10);
  EXPECT_FALSE(raw.profile.is_exact);
  EXPECT_TRUE(raw.profile.has_ended_by_exit);
  EXPECT_EQ(raw.profile.losses.no_room, 3u);
  EXPECT_EQ(raw.profile.started_ms, 1'700'000'000'000);
  EXPECT_EQ(raw.profile.ended_ms, 1'700'000'003'000);
  EXPECT_EQ(raw.modules.at(1), (ModuleFile{"/bin/program", "\x12\x34"}));
  EXPECT_EQ(raw.thread_names.at(1), "program");
  EXPECT_THAT(raw.profile.problems, ElementsAre(HasSubstr("to record 3 events")));
}

TEST_F(HeapFile, AddsWhatWasLoggedAndWhatAThreadHadNotLoggedYet) {
  HeapFileWriter writer;
  const auto node = site(writer);
  writer.logged({.node = node, .slot = 1, .allocated_count = 1, .allocated_bytes = 100, .samples = 1});
  writer.logged({.node = node, .slot = 0, .allocated_count = 4, .allocated_bytes = 400, .samples = 4});
  writer.unlogged({.node = node, .slot = 1, .freed_count = 2, .freed_bytes = 200, .temporary_count = 1});
  writer.unlogged({.node = node, .slot = 1, .allocated_count = 1, .allocated_bytes = 100, .samples = 1});
  const RawProfile raw = read(writer);
  ASSERT_EQ(raw.profile.changes.size(), 2u);
  EXPECT_EQ(raw.profile.changes[0].slot, 0u);
  EXPECT_EQ(raw.profile.changes[0].allocated_bytes, 400);
  EXPECT_EQ(raw.profile.changes[1].site, node);
  EXPECT_EQ(raw.profile.changes[1].allocated_count, 2);
  EXPECT_EQ(raw.profile.changes[1].freed_bytes, 200);
  EXPECT_EQ(raw.profile.changes[1].temporary_count, 1);
  EXPECT_EQ(raw.profile.changes[1].samples, 2u);
}

TEST_F(HeapFile, ASlotWithoutAnEndEndsWithTheLastEvent) {
  HeapFileWriter writer;
  writer.header().slot = 2;
  writer.header().slots[0].monotonic_ns = 6'000'000'000;
  writer.header().slots[1].monotonic_ns = 7'000'000'000;
  const RawProfile raw = read(writer);
  EXPECT_THAT(raw.profile.slot_ends_ms, ElementsAre(1'700'000'001'000, 1'700'000'002'000, 1'700'000'003'000));
}

TEST_F(HeapFile, ASampledBlockStandsForThoseThatWereNot) {
  HeapFileWriter writer(Mode::sampled);
  const auto node = site(writer);
  writer.live(3,
              std::vector<BlockValues>{{.address = 0x1000, .size = 1000, .node = node, .mean_exponent = 1}});
  const RawProfile raw = read(writer);
  ASSERT_EQ(raw.profile.living.size(), 1u);
  const double weight = 1 / (1 - std::exp(-1000.0 / (1 << 20)));
  EXPECT_NEAR(raw.profile.living[0].count, weight, 1e-6);
  EXPECT_NEAR(raw.profile.living[0].bytes, weight * 1000, 1e-3);
  EXPECT_NEAR(raw.profile.living[0].variance / (weight * (weight - 1) * 1e6), 1, 1e-6);
  EXPECT_EQ(raw.profile.living[0].samples, 1u);
  EXPECT_EQ(raw.profile.living[0].reach, Reach::unknown);
}

TEST_F(HeapFile, WhatLivesIsAddedByItsBirth) {
  HeapFileWriter writer;
  const auto node = site(writer);
  writer.live(0, std::vector<BlockValues>{{.address = 0x1000, .size = 100, .node = node, .birth_slot = 1},
                                          kEmpty,
                                          {.address = 0x2000, .size = 100, .node = node, .birth_slot = 2}});
  writer.live(1, std::vector<BlockValues>{{.address = 0x3000, .size = 90, .node = node, .birth_slot = 1}});
  const RawProfile raw = read(writer);
  ASSERT_EQ(raw.profile.living.size(), 2u);
  EXPECT_EQ(raw.profile.living[0].bytes, 190);
  EXPECT_EQ(raw.profile.living[0].count, 2);
  EXPECT_EQ(raw.profile.living[0].variance, 0);
  EXPECT_EQ(raw.profile.living[1].birth_slot, 2u);
  EXPECT_EQ(raw.profile.slot_ends_ms.size(), 3u);
}

TEST_F(HeapFile, ABlockThatStoodTwiceWhenTheProcessDiedCountsOnce) {
  HeapFileWriter writer;
  const auto node = site(writer);
  const BlockValues shifted{.address = 0x1000, .size = 100, .node = node};
  const BlockValues half{.address = 0x1000, .size = 777, .node = node};
  const BlockValues other{.address = 0x2000, .size = 1, .node = node};
  writer.live(0, std::vector<BlockValues>{kEmpty, half, other, shifted, kEmpty});
  // The same across the end of the table, which goes on at its beginning.
  writer.live(1, std::vector<BlockValues>{other, shifted, kEmpty, kEmpty, half});
  const RawProfile raw = read(writer);
  ASSERT_EQ(raw.profile.living.size(), 1u);
  EXPECT_EQ(raw.profile.living[0].count, 4);
  EXPECT_EQ(raw.profile.living[0].bytes, 202);
}

TEST_F(HeapFile, APlaceThatWasBeingWrittenWhenTheProcessDiedIsNoBlock) {
  HeapFileWriter writer;
  const auto node = site(writer);
  const BlockValues shifted{.address = 0x1000, .size = 3 << 20, .node = node};
  std::string table;
  for (const bool is_whole : {false, true}) {
    const file::LiveBlock block{{is_whole ? pack_first(shifted) : 0}, {pack_second(shifted)}};
    table.append(reinterpret_cast<const char*>(&block), sizeof block);
  }
  writer.header().live_chunk[5] = writer.part(file::ChunkKind::live, table, 5) + 1;
  const RawProfile raw = read(writer);
  ASSERT_EQ(raw.profile.living.size(), 1u);
  EXPECT_EQ(raw.profile.living[0].bytes, 3 << 20);
  EXPECT_THAT(raw.profile.problems, IsEmpty());
}

TEST_F(HeapFile, ATableThatWasOutgrownIsNotCounted) {
  HeapFileWriter writer;
  const auto node = site(writer);
  const BlockValues block{.address = 0x1000, .size = 100, .node = node};
  writer.live(0, std::vector<BlockValues>{block});
  writer.live(0, std::vector<BlockValues>{block, kEmpty});
  EXPECT_EQ(read(writer).profile.living.at(0).count, 1);
}

TEST_F(HeapFile, MappingsLiveToo) {
  HeapFileWriter writer(Mode::sampled);
  const auto node = writer.node(own_frame(OwnFrame::anonymous, 21), site(writer));
  writer.mapping(0, 0, 0, 0);
  writer.mapping(0x10000, 0x210000, node, 0);
  writer.mapping(0x300000, 0x400000, file::kRoot, 0);  // only reserved
  const RawProfile raw = read(writer);
  ASSERT_EQ(raw.profile.living.size(), 1u);
  EXPECT_EQ(raw.profile.living[0].bytes, 2 << 20);
  EXPECT_EQ(raw.profile.living[0].variance, 0);
}

TEST_F(HeapFile, KnowsWhatIsLostOnlyWhenSomebodyLooked) {
  HeapFileWriter writer;
  const auto node = site(writer);
  writer.live(0, std::vector<BlockValues>{{.address = 0x1000, .size = 100, .node = node},
                                          {.address = 0x2000, .size = 7, .node = node}});
  const LostBlocks lost{0x2000};
  const RawProfile raw = read(writer, &lost);
  ASSERT_EQ(raw.profile.living.size(), 2u);
  EXPECT_EQ(raw.profile.living[0].reach, Reach::reachable);
  EXPECT_EQ(raw.profile.living[1].reach, Reach::lost);
  EXPECT_EQ(raw.profile.living[1].bytes, 7);
}

TEST_F(HeapFile, RefusesInWordsWhatItCannotRead) {
  EXPECT_THAT(refusal(""), HasSubstr("nothing was written to it yet"));
  EXPECT_THAT(refusal(std::string(5000, '\0')), HasSubstr("nothing was written to it yet"));
  EXPECT_THAT(refusal(std::string(1, '\0')), HasSubstr("no room was left for its profile"));
  EXPECT_THAT(refusal("ULLHEAQ..................."), HasSubstr("not a heap profiler's file"));
  HeapFileWriter writer;
  writer.header().version = 2;
  EXPECT_THAT(refusal(writer.finish()), HasSubstr("newer ullage (format 2)"));
  EXPECT_FALSE(read_heap_file(folder_.path("none")));
  EXPECT_FALSE(read_heap_file("/dev/null"));
}

TEST_F(HeapFile, LeavesOutWhatCannotBeAndSaysSo) {
  HeapFileWriter writer;
  const auto node = site(writer);
  const auto orphan = writer.add_node(kCall, 77, 1);
  writer.logged({.node = node, .slot = 0, .allocated_count = 1, .allocated_bytes = 8});
  writer.logged({.node = 999, .slot = 0, .allocated_count = 1, .allocated_bytes = 8});
  writer.logged({.node = orphan, .slot = 0, .allocated_count = 1, .allocated_bytes = 8});
  writer.logged({.node = node, .slot = 70'000, .allocated_count = 1, .allocated_bytes = 8});
  writer.logged({.node = node, .slot = 0, .allocated_count = std::nan(""), .allocated_bytes = 8});
  writer.logged({.node = node, .slot = 0, .allocated_count = -1, .allocated_bytes = 8});
  writer.mapping(0x2000, 0x1000, node, 0);
  writer.live(0, std::vector<BlockValues>{{.address = 0x1000, .size = 100, .node = 55}});
  writer.part(static_cast<file::ChunkKind>(99), "?");
  add_part(writer.header(), file::ChunkKind::changes, UINT64_MAX - 3, 64);
  const RawProfile raw = read(writer);
  ASSERT_EQ(raw.profile.changes.size(), 1u);
  EXPECT_EQ(raw.profile.changes[0].allocated_count, 1);
  EXPECT_THAT(raw.profile.living, IsEmpty());
  EXPECT_THAT(raw.profile.problems, ElementsAre("2 parts of the file are damaged and left out",
                                                "8 entries of the file are damaged and left out"));
}

TEST_F(HeapFile, ReadsNoByteTwice) {
  HeapFileWriter writer;
  const auto node = site(writer);
  writer.logged({.node = node, .slot = 0, .allocated_count = 1, .allocated_bytes = 8});
  std::string bytes = writer.finish();
  auto* header = reinterpret_cast<file::FileHeader*>(bytes.data());
  while (header->chunk_count < file::kChunksMax)
    add_part(*header, file::ChunkKind::changes, header->chunks[2].offset, header->chunks[2].bytes);
  const auto raw = read_heap_file(folder_.write("42.heap", bytes));
  ASSERT_TRUE(raw);
  EXPECT_EQ(raw->profile.changes.at(0).allocated_count, 1);
  EXPECT_THAT(raw->profile.problems, ElementsAre("4091 parts of the file are damaged and left out"));
}

TEST_F(HeapFile, PassesOverHoles) {
  HeapFileWriter writer;
  const auto node = site(writer);
  writer.logged({.node = node, .slot = 0, .allocated_count = 1, .allocated_bytes = 8});
  std::string bytes = writer.finish();
  constexpr std::uint64_t kHuge = std::uint64_t{1} << 40;
  auto* header = reinterpret_cast<file::FileHeader*>(bytes.data());
  add_part(*header, file::ChunkKind::live, bytes.size(), kHuge);
  header->live_chunk[0] = header->chunk_count.load();
  const std::string path = folder_.write("42.heap", bytes);
  if (::truncate(path.c_str(), static_cast<off_t>(bytes.size() + kHuge)) != 0) GTEST_SKIP();
  const auto raw = read_heap_file(path);
  ASSERT_TRUE(raw);
  EXPECT_EQ(raw->profile.changes.size(), 1u);
  EXPECT_THAT(raw->profile.problems, IsEmpty());
}

TEST_F(HeapFile, OpensCutAtAnyByte) {
  HeapFileWriter writer;
  const auto node = site(writer);
  writer.module(1, "/bin/program", "1234");
  writer.thread_name(1, "program");
  for (std::uint32_t slot = 0; slot < 3; ++slot) {
    writer.logged({.node = node, .slot = slot, .allocated_count = 1, .allocated_bytes = 8});
    writer.unlogged({.node = node, .slot = slot, .allocated_count = 1, .allocated_bytes = 8});
  }
  writer.live(0, std::vector<BlockValues>{{.address = 0x1000, .size = 100, .node = node}});
  writer.mapping(0x1000, 0x2000, node, 0);
  const std::string bytes = writer.finish();
  const std::string path = folder_.write("42.heap", bytes);
  constexpr std::size_t kNeeded = 12;  // magic and version
  // The header's tables are long and each of their entries like the next.
  const auto is_told_apart = [&](std::size_t size) {
    const bool is_in_table =
        size > offsetof(file::FileHeader, slots) + 100 && size < sizeof(file::FileHeader);
    return size % (is_in_table || kUnderSanitizer ? 61 : 1) == 0;
  };
  for (std::size_t size = bytes.size(); size >= kNeeded; --size) {
    if (!is_told_apart(size)) continue;
    ASSERT_EQ(::truncate(path.c_str(), static_cast<off_t>(size)), 0);
    const auto raw = read_heap_file(path);
    ASSERT_TRUE(raw) << size;
    ASSERT_EQ(raw->profile.problems.empty(), size == bytes.size()) << size;
    double allocated = 0;
    for (const Change& change : raw->profile.changes) allocated += change.allocated_count;
    ASSERT_LE(allocated, 6);
  }
  ASSERT_EQ(::truncate(path.c_str(), kNeeded - 1), 0);
  EXPECT_FALSE(read_heap_file(path));
}

}  // namespace
}  // namespace ullage::heap
