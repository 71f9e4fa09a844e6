// SPDX-License-Identifier: Apache-2.0
// What is allocated now, by address: a hash table in the file, in shards with a lock each. At every instant a
// reader of the file finds each block at least once.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/os.h"

namespace ullage::heap::track {

class LiveBlocks {
 public:
  void write_to(HeapFile& file);

  enum class Added { is_new, instead_of_another, no_room };
  // Where a block is at this address already, its end was not seen: it comes back in `before`.
  Added add(const file::BlockValues& block, file::BlockValues& before);
  bool take(std::uintptr_t address, file::BlockValues& taken);

 private:
  struct alignas(64) Shard {  // a line of the processor's cache each
    SpinLock lock;
    std::uint32_t count = 0, capacity = 0;
    HeapFile::Piece piece;
    file::LiveBlock* blocks() const { return static_cast<file::LiveBlock*>(piece.memory); }
  };
  bool grow(Shard& shard);

  HeapFile* file_ = nullptr;
  Shard shards_[file::kShards];
};

}  // namespace ullage::heap::track
