// SPDX-License-Identifier: Apache-2.0
// What many threads write to one file at once, as `./dev test` runs it under TSan.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "heap/track/change_log.h"
#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/heap_file_fixture.h"
#include "heap/track/live_blocks.h"
#include "heap/track/mappings.h"
#include "heap/track/slots.h"
#include "heap/track/stack_tree.h"
#include "heap/track/thread_record.h"
#include "heap/track/unwinder.h"

namespace ullage::heap::track {

namespace {

constexpr std::uint32_t kThreads = 4, kRounds = 3000, kStacks = 700;
constexpr std::int64_t kRoundNs = 100'000;

class ThreadsTest : public HeapFileTest {
 protected:
  ThreadsTest() {
    begin(file_);
    slots_.write_to(*file_.header(), 0);
    live_.write_to(file_);
    mappings_.write_to(file_);
    log_.write_to(file_);
    EXPECT_TRUE(stacks_.write_to(file_));
  }

  // Three calls deep; the same of every thread.
  std::uint32_t node_of(Stack& stack, std::uint32_t number) {
    stack.count = 3;
    for (std::size_t depth = 0; depth < stack.count; ++depth)
      stack.frames[depth].frame = 1000 + number % (7 * (depth + 1)) + number / 100;
    return stacks_.find_or_add(file::own_frame(file::OwnFrame::thread, 1), stack,
                               file::own_frame(file::OwnFrame::block, number % 20));
  }

  // Each block is added, half of them are taken again, by all threads in the same shards.
  void work(std::uint32_t thread, std::array<std::uint32_t, kStacks>& nodes) {
    const auto record = std::make_unique<ThreadRecord>();
    ASSERT_TRUE(log_.equip(*record));
    for (std::uint32_t round = 0; round < kRounds; ++round) {
      slots_.look_at_clock(round * kRoundNs);
      const std::uint32_t node = nodes[round % kStacks] = node_of(record->stack, round % kStacks);
      file::Change* change = log_.of(*record, node, slots_);
      ASSERT_NE(change, nullptr);
      change->allocated_count += 1;
      file::BlockValues other{};
      const std::uint64_t address = 0x7F00'0000'0000 + (std::uint64_t{round} * kThreads + thread) * 16;
      ASSERT_EQ(live_.add({.address = address, .size = round, .node = node}, other),
                LiveBlocks::Added::is_new);
      slots_.live_changed(round, round * kRoundNs);
      if (round % 2 == 0) {
        ASSERT_TRUE(live_.take(address, other));
        ASSERT_EQ(other.size, round);
      }
      const std::uint64_t page = (std::uint64_t{thread} << 40) + std::uint64_t{round} * 4096;
      ASSERT_TRUE(mappings_.add({page, page + 4096, node, 0}));
      if (round % 2 == 0) mappings_.take(page, page + 4096, [](const Mappings::Part&) {});
    }
    log_.flush(*record, slots_);
    EXPECT_EQ(record->used_count, 0u);
  }

  HeapFile file_;
  StackTree stacks_;
  LiveBlocks live_;
  Mappings mappings_;
  ChangeLog log_;
  Slots slots_;
};

TEST_F(ThreadsTest, WriteTheSameTreeTableAndLog) {
  std::array<std::array<std::uint32_t, kStacks>, kThreads> nodes{};
  std::vector<std::thread> threads;
  for (std::uint32_t thread = 0; thread < kThreads; ++thread)
    threads.emplace_back([this, thread, &nodes] { work(thread, nodes[thread]); });
  for (std::thread& thread : threads) thread.join();

  for (const auto& of_thread : nodes) EXPECT_EQ(of_thread, nodes[0]) << "the same stack has one node";
  std::size_t living = 0;
  for (const std::uint32_t chunk : live_chunks(file_))
    for (const PlainBlock& block : blocks_of(file_, chunk)) living += block.first != 0 ? 1 : 0;
  EXPECT_EQ(living, kThreads * kRounds / 2);
}

}  // namespace

}  // namespace ullage::heap::track
