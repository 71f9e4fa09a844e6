// SPDX-License-Identifier: Apache-2.0
#include "heap/track/live_blocks.h"

#include <atomic>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/os.h"

namespace ullage::heap::track {

using file::BlockValues;
using file::LiveBlock;

namespace {

constexpr std::uint32_t kFirstCapacity = file::kPage / sizeof(LiveBlock);
constexpr std::uint32_t kRoomyCapacity = 4096;
constexpr unsigned kAddressShift = 19;  // in LiveBlock::first

constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;
// Allocators give each thread regions of its own: so do threads seldom meet in a shard.
constexpr unsigned kRegionBits = 20;

std::uint32_t shard_of(std::uintptr_t address) {
  return static_cast<std::uint32_t>((address >> kRegionBits) * kGolden >> 58) % file::kShards;
}
std::uint32_t place_of(std::uintptr_t address) {
  return static_cast<std::uint32_t>((address >> 4) * kGolden >> 24);
}
// Searches are short in a table with much room, which costs little while it is small.
bool is_crowded(std::uint64_t count, std::uint64_t capacity) {
  return count * 4 >= capacity * (capacity <= kRoomyCapacity ? 1 : 3);
}
std::uint64_t first_of(const LiveBlock& block) { return block.first.load(std::memory_order_relaxed); }
std::uintptr_t address_of(std::uint64_t first) { return (first >> kAddressShift) << 3; }

// A reader sees the old block, the new one, or none; not a mixture that it would believe.
void write(LiveBlock& to, std::uint64_t first, std::uint64_t second) {
  to.first.store(0, std::memory_order_release);
  to.second.store(second, std::memory_order_release);
  to.first.store(first, std::memory_order_release);
}

}  // namespace

void LiveBlocks::write_to(HeapFile& file) {
  file_ = &file;
  for (Shard& shard : shards_) {
    shard.lock.unlock();
    shard.count = shard.capacity = 0;
    shard.piece = {};
  }
}

LiveBlocks::Added LiveBlocks::add(const BlockValues& block, BlockValues& before) {
  Shard& shard = shards_[shard_of(block.address)];
  const Locked locked(shard.lock);
  if (is_crowded(shard.count, shard.capacity) && !grow(shard) &&
      shard.count + 1 >= shard.capacity)  // a place must stay free, for searches to end
    return Added::no_room;
  const std::uint32_t mask = shard.capacity - 1;
  for (std::uint32_t i = place_of(block.address) & mask;; i = (i + 1) & mask) {
    LiveBlock& there = shard.blocks()[i];
    const std::uint64_t first = first_of(there);
    if (first != 0 && address_of(first) != block.address) continue;
    const std::uint64_t second = there.second.load(std::memory_order_relaxed);
    write(there, file::pack_first(block), file::pack_second(block));
    if (first == 0) {
      ++shard.count;
      return Added::is_new;
    }
    before = file::unpack(first, second);
    return Added::instead_of_another;
  }
}

bool LiveBlocks::take(std::uintptr_t address, BlockValues& taken) {
  Shard& shard = shards_[shard_of(address)];
  const Locked locked(shard.lock);
  if (shard.capacity == 0) return false;
  const std::uint32_t mask = shard.capacity - 1;
  LiveBlock* blocks = shard.blocks();
  std::uint32_t hole = place_of(address) & mask;
  while (first_of(blocks[hole]) != 0 && address_of(first_of(blocks[hole])) != address)
    hole = (hole + 1) & mask;
  if (first_of(blocks[hole]) == 0) return false;
  taken = file::unpack(first_of(blocks[hole]), blocks[hole].second.load(std::memory_order_relaxed));
  // Those after it move up, so that no search ends at the hole (Knuth, The Art of Computer Programming 3, 6.4
  // R).
  for (std::uint32_t i = (hole + 1) & mask; first_of(blocks[i]) != 0; i = (i + 1) & mask) {
    const std::uint32_t home = place_of(address_of(first_of(blocks[i]))) & mask;
    if (((i - home) & mask) < ((i - hole) & mask)) continue;
    write(blocks[hole], first_of(blocks[i]), blocks[i].second.load(std::memory_order_relaxed));
    hole = i;
  }
  blocks[hole].first.store(0, std::memory_order_release);
  blocks[hole].second.store(0, std::memory_order_release);
  --shard.count;
  return true;
}

bool LiveBlocks::grow(Shard& shard) {
  const std::uint32_t capacity = shard.capacity == 0 ? kFirstCapacity : 2 * shard.capacity;
  const auto number = static_cast<std::uint32_t>(&shard - shards_);
  const HeapFile::Piece larger = file_->add(file::ChunkKind::live, number, capacity * sizeof(LiveBlock));
  if (larger.memory == nullptr) return false;
  auto* blocks = static_cast<LiveBlock*>(larger.memory);
  for (std::uint32_t i = 0; i < shard.capacity; ++i) {
    const std::uint64_t first = first_of(shard.blocks()[i]);
    if (first == 0) continue;
    std::uint32_t to = place_of(address_of(first)) & (capacity - 1);
    while (first_of(blocks[to]) != 0) to = (to + 1) & (capacity - 1);
    blocks[to].second.store(shard.blocks()[i].second.load(std::memory_order_relaxed),
                            std::memory_order_relaxed);
    blocks[to].first.store(first, std::memory_order_relaxed);
  }
  file_->header()->live_chunk[number].store(larger.chunk + 1, std::memory_order_release);
  file_->drop(shard.piece);
  shard.piece = larger;
  shard.capacity = capacity;
  return true;
}

}  // namespace ullage::heap::track
