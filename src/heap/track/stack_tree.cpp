// SPDX-License-Identifier: Apache-2.0
#include "heap/track/stack_tree.h"

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/os.h"
#include "heap/track/unwinder.h"

namespace ullage::heap::track {

namespace {

constexpr std::size_t kFirstIndex = 1 << 12;
constexpr std::uint32_t kNoRoom = 1;

std::size_t spread(std::uint32_t parent, file::PackedFrame frame) {
  std::uint64_t hash = (frame ^ (std::uint64_t{parent} << 32 | parent)) * 0x9E3779B97F4A7C15;
  hash ^= hash >> 32;
  return hash * 0xD6E8FEB86659FD93 >> 24;
}

}  // namespace

bool StackTree::write_to(HeapFile& file) {
  lock_.unlock();  // after a fork: its holder may not be here
  const Locked locked(lock_);
  file_ = &file;
  count_ = 0;
  for (file::StackNode*& piece : pieces_) piece = nullptr;
  index_.store(nullptr, std::memory_order_release);
  if (!grow_index() || make_room(file::kRoot) == nullptr) return false;
  pieces_[0][file::kRoot].is_there.store(1, std::memory_order_release);
  count_ = 1;
  return add(file::kRoot, file::own_frame(file::OwnFrame::no_room, 0)) == kNoRoom;
}

std::uint32_t StackTree::find_or_add(file::PackedFrame thread, const Stack& stack, file::PackedFrame leaf) {
  std::uint32_t node = child(file::kRoot, thread);
  for (std::size_t i = 0; i < stack.count && node != kNoRoom; ++i) node = child(node, stack.frames[i].frame);
  return node == kNoRoom ? kNoRoom : child(node, leaf);
}

std::uint32_t StackTree::child(std::uint32_t parent, file::PackedFrame frame) {
  if (const std::uint32_t found = look_up(parent, frame); found != 0) return found;
  const Locked locked(lock_);
  if (const std::uint32_t found = look_up(parent, frame); found != 0) return found;
  return add(parent, frame);
}

std::uint32_t StackTree::look_up(std::uint32_t parent, file::PackedFrame frame) const {
  const Index* index = index_.load(std::memory_order_acquire);
  for (std::size_t i = spread(parent, frame);; ++i) {
    const std::uint32_t number = index->places[i & index->mask].load(std::memory_order_acquire);
    if (number == 0) return 0;
    const file::StackNode& there = node(number);
    if (there.frame == frame && there.parent == parent) return number;
  }
}

std::uint32_t StackTree::add(std::uint32_t parent, file::PackedFrame frame) {
  const bool is_crowded = std::size_t{count_} * 2 > index_.load(std::memory_order_relaxed)->mask;
  file::StackNode* added = is_crowded && !grow_index() ? nullptr : make_room(count_);
  if (added == nullptr) {
    file_->header()->losses.shared_stacks.fetch_add(1, std::memory_order_relaxed);
    return kNoRoom;
  }
  added->frame = frame;
  added->parent = parent;
  added->is_there.store(1, std::memory_order_release);
  const std::uint32_t number = count_++;
  file_->header()->node_count.store(count_, std::memory_order_release);
  const Index& index = *index_.load(std::memory_order_relaxed);
  for (std::size_t i = spread(parent, frame);; ++i) {
    std::atomic<std::uint32_t>& place = index.places[i & index.mask];
    if (place.load(std::memory_order_relaxed) != 0) continue;
    place.store(number, std::memory_order_release);
    return number;
  }
}

file::StackNode& StackTree::node(std::uint32_t number) const {
  const std::uint32_t piece = 31 - static_cast<std::uint32_t>(__builtin_clz(number / kFirstNodes + 1));
  return pieces_[piece][number - ((1u << piece) - 1) * kFirstNodes];
}

// Null when there is no more.
file::StackNode* StackTree::make_room(std::uint32_t number) {
  const std::uint32_t piece = 31 - static_cast<std::uint32_t>(__builtin_clz(number / kFirstNodes + 1));
  if (piece >= kPieces || number >= file::kNodesMax) return nullptr;
  if (pieces_[piece] == nullptr) {
    const std::size_t nodes = std::size_t{kFirstNodes} << piece;
    pieces_[piece] = static_cast<file::StackNode*>(
        file_->add(file::ChunkKind::nodes, piece, nodes * sizeof(file::StackNode)).memory);
  }
  return pieces_[piece] == nullptr ? nullptr : &node(number);
}

// The old index stays: another thread may be reading it.
bool StackTree::grow_index() {
  const Index* old = index_.load(std::memory_order_relaxed);
  const std::size_t capacity = old == nullptr ? kFirstIndex : 4 * (old->mask + 1);
  auto* memory = static_cast<char*>(map_memory(sizeof(Index) + capacity * sizeof(std::uint32_t)));
  if (memory == nullptr) return false;
  auto* larger = reinterpret_cast<Index*>(memory);
  larger->places = reinterpret_cast<std::atomic<std::uint32_t>*>(memory + sizeof(Index));
  larger->mask = capacity - 1;
  for (std::uint32_t number = 1; number < count_; ++number) {
    std::size_t i = spread(node(number).parent, node(number).frame);
    while (larger->places[i & larger->mask].load(std::memory_order_relaxed) != 0) ++i;
    larger->places[i & larger->mask].store(number, std::memory_order_relaxed);
  }
  index_.store(larger, std::memory_order_release);
  return true;
}

}  // namespace ullage::heap::track
