// SPDX-License-Identifier: Apache-2.0
// What threads have counted: per node and slot, in the thread's own table first, then in the file's log. A
// kill between loses one node's figures of one slot at most.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/os.h"
#include "heap/track/slots.h"
#include "heap/track/thread_record.h"

namespace ullage::heap::track {

class ChangeLog {
 public:
  void write_to(HeapFile& file);
  // Gives a record its table. False where there is no room.
  bool equip(ThreadRecord& record);
  // The thread's figures of a node in its slot; null where neither table nor log has room.
  file::Change* of(ThreadRecord& record, std::uint32_t node, Slots& slots);
  void flush(ThreadRecord& record, Slots& slots);

 private:
  bool give_table(ThreadRecord& record, std::uint32_t capacity);
  file::Change* next_place();

  static constexpr std::size_t kChunkBytes = 64 << 10;
  SpinLock lock_;
  HeapFile* file_ = nullptr;
  file::Change* room_ = nullptr;
  std::size_t room_count_ = 0;
};

}  // namespace ullage::heap::track
