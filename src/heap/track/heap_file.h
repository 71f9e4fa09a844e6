// SPDX-License-Identifier: Apache-2.0
// The file being written (format.h): mapped piece by piece, each on the disk before it is touched, since a
// hole in a mapping of a full disk would end the program by SIGBUS.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/os.h"

namespace ullage::heap::track {

class HeapFile {
 public:
  // Makes FOLDER/PID.heap, or PID-1.heap … where an earlier program of this process had one: empty until
  // begin().
  bool make(const char* folder, std::uint64_t bytes_max);
  bool is_made() const { return descriptor_ >= 0; }
  bool begin();
  // Forgets a file that is another process's, whose memory this one has got copies of: after a fork.
  void abandon();
  bool is_open() const { return header_ != nullptr; }
  file::FileHeader* header() const { return header_; }
  const char* path() const { return path_; }

  struct Piece {
    void* memory = nullptr;
    std::uint32_t chunk = 0;  // its number
  };
  // Zeroed; without memory where there is no more room. `bytes` is rounded up to pages.
  Piece add(file::ChunkKind kind, std::uint32_t owner, std::size_t bytes);
  // Gives a chunk's place on the disk back. Nobody may touch it any more.
  void drop(const Piece& piece);

 private:
  void* grow(std::size_t bytes, std::uint64_t& offset);
  bool is_ours(int descriptor) const;
  int descriptor();

  SpinLock lock_;
  file::FileHeader* header_ = nullptr;
  std::uint64_t bytes_ = 0, bytes_max_ = 0;
  std::uint64_t device_ = 0, inode_ = 0;
  int descriptor_ = -1;
  char path_[512] = {};
};

}  // namespace ullage::heap::track
