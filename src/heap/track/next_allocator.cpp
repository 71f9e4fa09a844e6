// SPDX-License-Identifier: Apache-2.0
#include "heap/track/next_allocator.h"

#include <dlfcn.h>
#include <errno.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "heap/track/thread_record.h"

extern "C" __attribute__((weak)) int _dl_find_object(void*, struct dl_find_object*) noexcept;

namespace ullage::heap::track {

namespace {

constexpr std::size_t kPoolBytes = 64 << 10, kHeadBytes = 16;
alignas(16) char pool[kPoolBytes];
std::atomic<std::size_t> pool_used{0};

// Never given back: it is a few hundred bytes.
void* from_pool(std::size_t bytes, std::size_t alignment = kHeadBytes) {
  const std::size_t taken = (bytes + alignment + 2 * kHeadBytes) / kHeadBytes * kHeadBytes;
  const std::size_t at = pool_used.fetch_add(taken);
  if (at + taken > kPoolBytes) return nullptr;
  const auto begin =
      (reinterpret_cast<std::uintptr_t>(pool + at) + kHeadBytes + alignment - 1) / alignment * alignment;
  auto* block = reinterpret_cast<char*>(begin);
  std::memcpy(block - sizeof bytes, &bytes, sizeof bytes);
  return block;
}

template <typename Function>
void find(Function*& into, const char* symbol) {
  if (void* found = find_next(symbol)) into = reinterpret_cast<Function*>(found);
}

void find_all() {
  static std::atomic<bool> is_searching{false};
  if (is_searching.exchange(true)) return;
  NextAllocator found = next;
  find(found.malloc, "malloc");
  find(found.free, "free");
  find(found.calloc, "calloc");
  find(found.realloc, "realloc");
  find(found.memalign, "memalign");
  find(found.posix_memalign, "posix_memalign");
  find(found.aligned_alloc, "aligned_alloc");
  find(found.valloc, "valloc");
  find(found.pvalloc, "pvalloc");
  next = found;
}

bool is_found();

void* first_malloc(std::size_t bytes) {
  find_all();
  return is_found() ? next.malloc(bytes) : from_pool(bytes);
}
void first_free(void* pointer) {
  find_all();
  if (is_found()) next.free(pointer);
}
void* first_calloc(std::size_t count, std::size_t bytes) {
  find_all();
  return is_found() ? next.calloc(count, bytes) : from_pool(count * bytes);
}
void* first_realloc(void* pointer, std::size_t bytes) {
  find_all();
  if (is_found()) return next.realloc(pointer, bytes);
  return pointer == nullptr ? from_pool(bytes) : move_out_of_the_first_pool(pointer, bytes);
}
void* first_memalign(std::size_t alignment, std::size_t bytes) {
  find_all();
  return is_found() ? next.memalign(alignment, bytes) : from_pool(bytes, alignment);
}
int first_posix_memalign(void** into, std::size_t alignment, std::size_t bytes) {
  find_all();
  if (is_found()) return next.posix_memalign(into, alignment, bytes);
  *into = from_pool(bytes, alignment);
  return *into == nullptr ? ENOMEM : 0;
}
void* first_aligned_alloc(std::size_t alignment, std::size_t bytes) {
  find_all();
  return is_found() ? next.aligned_alloc(alignment, bytes) : from_pool(bytes, alignment);
}
void* first_valloc(std::size_t bytes) {
  find_all();
  return is_found() ? next.valloc(bytes) : from_pool(bytes, 4096);
}
void* first_pvalloc(std::size_t bytes) {
  find_all();
  return is_found() ? next.pvalloc(bytes) : from_pool((bytes + 4095) / 4096 * 4096, 4096);
}

bool is_found() { return next.malloc != first_malloc; }

}  // namespace

constinit NextAllocator next = {first_malloc,        first_free,     first_calloc,
                                first_realloc,       first_memalign, first_posix_memalign,
                                first_aligned_alloc, first_valloc,   first_pvalloc};

bool is_of_the_first_pool(const void* pointer) { return pointer >= pool && pointer < pool + kPoolBytes; }

void* move_out_of_the_first_pool(void* pointer, std::size_t bytes) {
  std::size_t had = 0;
  std::memcpy(&had, static_cast<char*>(pointer) - sizeof had, sizeof had);
  void* moved = next.malloc(bytes);
  if (moved != nullptr) std::memcpy(moved, pointer, had < bytes ? had : bytes);
  return moved;
}

bool is_in_the_allocator(std::uintptr_t place) {
  static std::atomic<std::uintptr_t> begin{0}, end{0};
  if (end.load(std::memory_order_acquire) == 0) {
    ::dl_find_object object;
    if (_dl_find_object == nullptr || !is_found() ||
        _dl_find_object(reinterpret_cast<void*>(next.malloc), &object) != 0)
      return false;
    begin.store(reinterpret_cast<std::uintptr_t>(object.dlfo_map_start), std::memory_order_relaxed);
    end.store(reinterpret_cast<std::uintptr_t>(object.dlfo_map_end), std::memory_order_release);
  }
  return place >= begin.load(std::memory_order_relaxed) && place < end.load(std::memory_order_relaxed);
}

void* find_next(const char* symbol) {
  const bool was_busy = here.is_busy;
  here.is_busy = true;
  void* found = ::dlsym(RTLD_NEXT, symbol);
  here.is_busy = was_busy;
  return found;
}

}  // namespace ullage::heap::track
