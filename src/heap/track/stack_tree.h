// SPDX-License-Identifier: Apache-2.0
// All stacks as one tree in the file: the same callers are kept once. Known nodes are found without a lock,
// by any number of threads; a node is never changed nor taken away.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/os.h"
#include "heap/track/unwinder.h"

namespace ullage::heap::track {

class StackTree {
 public:
  bool write_to(HeapFile& file);
  // thread → frames from the outermost in → what was allocated. The node of "(no room)" when there is none
  // left.
  std::uint32_t find_or_add(file::PackedFrame thread, const Stack& stack, file::PackedFrame leaf);
  file::PackedFrame frame_of(std::uint32_t number) const { return node(number).frame; }

 private:
  struct Index {
    std::atomic<std::uint32_t>* places;  // of nodes; 0: free
    std::size_t mask;
  };
  std::uint32_t child(std::uint32_t parent, file::PackedFrame frame);
  std::uint32_t look_up(std::uint32_t parent, file::PackedFrame frame) const;
  std::uint32_t add(std::uint32_t parent, file::PackedFrame frame);
  file::StackNode* make_room(std::uint32_t number);
  bool grow_index();
  file::StackNode& node(std::uint32_t number) const;

  // Chunk k holds kFirstNodes << k nodes, so that a number says where its node is.
  static constexpr std::uint32_t kFirstNodes = 1024, kPieces = 15;
  SpinLock lock_;
  HeapFile* file_ = nullptr;
  file::StackNode* pieces_[kPieces] = {};
  std::atomic<Index*> index_{nullptr};
  std::uint32_t count_ = 0;
};

}  // namespace ullage::heap::track
