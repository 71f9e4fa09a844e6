// SPDX-License-Identifier: Apache-2.0
// The file being written (format.h): mapped piece by piece, each on the disk before it is touched, since a
// hole in a mapping of a full disk would end the program by SIGBUS.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/options.h"
#include "heap/track/os.h"

namespace ullage::heap::track {

class HeapFile {
 public:
  // Makes FOLDER/PID.heap, or PID-1.heap … where an earlier program of this process had one: empty until
  // begin().
  bool make(const char* folder, std::uint64_t bytes_max);
  bool is_made() const { return file_.descriptor >= 0; }
  bool begin();
  // In place of all that would follow: there was no room for it, which a reader is to know.
  void tell_of_no_room();
  // Opens the folder, so that this process and its children find it under another root. Not held without
  // need: a sandbox may look for open folders, as ways out of it. False where it is not, or was held before.
  bool hold_folder(const char* folder);
  void let_go_of_folder();
  // Forgets a file that is another process's, whose memory this one has got copies of: after a fork.
  void abandon();
  bool is_open() const { return header_ != nullptr; }
  // Its magic last: who reads it finds all of the header or none.
  void write_header(const Options& options);
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
  long open_own(int flags) const;
  int descriptor();

  struct Opened {
    int descriptor = -1;
    std::uint64_t device = 0, inode = 0;
    static Opened of(int descriptor);
    bool is_still_there() const;
  };

  SpinLock lock_;
  file::FileHeader* header_ = nullptr;
  std::uint64_t bytes_ = 0, bytes_max_ = 0;
  Opened file_, folder_;
  std::uint32_t pid_ = 0, parent_pid_ = 0;  // of who made it: not of a child by vfork that writes first
  char path_[512] = {};
  std::size_t name_at_ = 0;  // in the path
};

}  // namespace ullage::heap::track
