// SPDX-License-Identifier: Apache-2.0
#include "heap/track/change_log.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/os.h"
#include "heap/track/slots.h"
#include "heap/track/thread_record.h"

namespace ullage::heap::track {

namespace {

constexpr std::uint32_t kFirstCapacity = 64, kCapacityMax = 1 << 15;

std::uint32_t spread(std::uint32_t node) { return node * 0x9E3779B1u >> 12; }

bool is_crowded(const ThreadRecord& record) { return record.used_count >= record.capacity / 4 * 3; }

constexpr std::size_t kFirst = sizeof(file::Change::node);  // what is written last
constexpr std::size_t kRest = sizeof(file::Change) - kFirst;

void move(file::Change& from, file::Change& to) {
  const std::uint32_t node = from.node.load(std::memory_order_relaxed);
  char* figures = reinterpret_cast<char*>(&from) + kFirst;
  std::memcpy(reinterpret_cast<char*>(&to) + kFirst, figures, kRest);
  from.node.store(0, std::memory_order_release);
  std::memset(figures, 0, kRest);
  to.node.store(node, std::memory_order_release);
}

}  // namespace

void ChangeLog::write_to(HeapFile& file) {
  lock_.unlock();
  file_ = &file;
  room_ = nullptr;
  room_count_ = 0;
}

bool ChangeLog::equip(ThreadRecord& record) {
  record.used_count = record.capacity = 0;
  return give_table(record, kFirstCapacity);
}

// A larger one in place of the one that it has.
bool ChangeLog::give_table(ThreadRecord& record, std::uint32_t capacity) {
  const std::size_t bytes = sizeof(file::CountersHead) + capacity * sizeof(file::Change);
  const HeapFile::Piece piece = file_->add(file::ChunkKind::counters, 0, bytes);
  if (piece.memory == nullptr) return false;
  auto* head = static_cast<file::CountersHead*>(piece.memory);
  auto* counters = reinterpret_cast<file::Change*>(head + 1);
  head->capacity = capacity;
  for (std::uint32_t i = 0; i < record.capacity; ++i) {
    const std::uint32_t node = record.counters[i].node.load(std::memory_order_relaxed);
    if (node == 0) continue;
    std::uint32_t to = spread(node) & (capacity - 1);
    while (counters[to].node.load(std::memory_order_relaxed) != 0) to = (to + 1) & (capacity - 1);
    move(record.counters[i], counters[to]);
  }
  if (record.capacity > 0) {
    head->thread = record.head->thread;
    file_->drop(record.counters_piece);
  }
  record.counters_piece = piece;
  record.head = head;
  record.counters = counters;
  record.capacity = capacity;
  return true;
}

file::Change* ChangeLog::of(ThreadRecord& record, std::uint32_t node, Slots& slots) {
  const std::uint32_t slot = slots.current();
  if (record.slot != slot) {
    flush(record, slots);
    record.slot = slot;
  }
  if (is_crowded(record) && (record.capacity == kCapacityMax || !give_table(record, 4 * record.capacity)))
    flush(record, slots);
  const std::uint32_t mask = record.capacity - 1;
  for (std::uint32_t i = spread(node) & mask;; i = (i + 1) & mask) {
    file::Change& there = record.counters[i];
    const std::uint32_t whose = there.node.load(std::memory_order_relaxed);
    if (whose == node) return &there;
    if (whose != 0) continue;
    if (record.used_count + 1 == record.capacity)
      return nullptr;  // a place must stay free, for searches to end
    there.slot = slot;
    there.node.store(node, std::memory_order_release);
    ++record.used_count;
    return &there;
  }
}

// Without room, what is counted stays where it is, and later slots are added to it.
void ChangeLog::flush(ThreadRecord& record, Slots& slots) {
  if (record.used_count == 0) return;
  const Locked locked(lock_);
  // Backwards, so that what is left when there is no more room can still be found: searches go forwards.
  for (std::uint32_t i = record.capacity; i > 0; --i) {
    if (record.counters[i - 1].node.load(std::memory_order_relaxed) == 0) continue;
    file::Change* logged = next_place();
    if (logged == nullptr) return;
    move(record.counters[i - 1], *logged);
    slots.logged(sizeof(file::Change));
    --record.used_count;
  }
}

file::Change* ChangeLog::next_place() {
  if (room_count_ == 0) {
    const HeapFile::Piece piece = file_->add(file::ChunkKind::changes, 0, kChunkBytes);
    if (piece.memory == nullptr) return nullptr;
    room_ = static_cast<file::Change*>(piece.memory);
    room_count_ = kChunkBytes / sizeof(file::Change);
  }
  --room_count_;
  return room_++;
}

}  // namespace ullage::heap::track
