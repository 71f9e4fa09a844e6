// SPDX-License-Identifier: Apache-2.0
// What mmap has given to the program and munmap has not taken back, with who asked for it, and the address
// space that is only reserved (their node is kRoot). Ranges may be given back in parts. A few thousand of
// them at the most.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/os.h"

namespace ullage::heap::track {

class Mappings {
 public:
  void write_to(HeapFile& file);
  // False where there is no room for more.
  bool add(const file::Mapping& mapping);

  // What lies at the address. False: nothing that is known.
  bool find(std::uint64_t address, file::Mapping& mapping);
  // The first part of the range that is only reserved.
  bool find_reserved(std::uint64_t begin, std::uint64_t end, file::Mapping& part);

  struct Part {
    std::uint32_t node, birth_slot;
    std::uint64_t bytes;
    bool is_last;  // of its mapping, of which nothing is left
  };
  // What of the range was mapped, part by part, each given to `visit(Part)`. What is left of a mapping stays.
  template <typename Visit>
  void take(std::uint64_t begin, std::uint64_t end, Visit visit);

 private:
  bool put(std::size_t at, const file::Mapping& mapping);
  void remove(std::size_t at);
  std::size_t first_that_ends_after(std::uint64_t address) const;

  static constexpr std::size_t kCapacity = 16'384;
  SpinLock lock_;
  HeapFile* file_ = nullptr;
  file::Mapping* mappings_ = nullptr;    // in the file, in any order
  std::uint16_t* by_address_ = nullptr;  // their places, ascending
  std::uint16_t* free_ = nullptr;        // places that were given up
  std::size_t count_ = 0, free_count_ = 0;
};

template <typename Visit>
void Mappings::take(std::uint64_t begin, std::uint64_t end, Visit visit) {
  const Locked locked(lock_);
  std::size_t at = first_that_ends_after(begin);
  while (at < count_) {
    file::Mapping& there = mappings_[by_address_[at]];
    if (there.begin >= end) return;
    const file::Mapping whole = there;
    const std::uint64_t from = whole.begin > begin ? whole.begin : begin;
    const std::uint64_t to = whole.end < end ? whole.end : end;
    visit(Part{whole.node, whole.birth_slot, to - from, from == whole.begin && to == whole.end});
    if (from == whole.begin && to == whole.end) {
      remove(at);
      continue;
    }
    if (from == whole.begin)
      there.begin = to;
    else
      there.end = from;
    ++at;
    if (from > whole.begin && to < whole.end) {
      put(at, {to, whole.end, whole.node, whole.birth_slot});
      return;
    }
  }
}

}  // namespace ullage::heap::track
