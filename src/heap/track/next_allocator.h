// SPDX-License-Identifier: Apache-2.0
// The functions that the program would have without us: those of the next library that has them, which is
// libc or the allocator that the program is linked with. Until they are known, which takes an allocation
// itself on some systems, a small pool of our own stands for them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ullage::heap::track {

struct NextAllocator {
  void* (*malloc)(std::size_t);
  void (*free)(void*);
  void* (*calloc)(std::size_t, std::size_t);
  void* (*realloc)(void*, std::size_t);
  void* (*memalign)(std::size_t, std::size_t);
  int (*posix_memalign)(void**, std::size_t, std::size_t);
  void* (*aligned_alloc)(std::size_t, std::size_t);
  void* (*valloc)(std::size_t);
  void* (*pvalloc)(std::size_t);
};
extern NextAllocator next;

// From the pool that stands in at first: nobody else may be given these.
bool is_of_the_first_pool(const void* pointer);
// Copies out of the pool.
void* move_out_of_the_first_pool(void* pointer, std::size_t bytes);

// Whether a place in code is the allocator's own: the mappings that it asks for hold the blocks that it hands
// out.
bool is_in_the_allocator(std::uintptr_t place);

// The next definition of a symbol after ours; null if there is none.
void* find_next(const char* symbol);

}  // namespace ullage::heap::track
