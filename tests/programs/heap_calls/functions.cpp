// SPDX-License-Identifier: Apache-2.0
#include "functions.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <new>
#include <span>

namespace calls {

namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::align_val_t kAligned{kAlignment};
constexpr int kErrno = 77;
std::array<void*, 1 << 16> kept;
std::size_t kept_count = 0;

void* seen(void* block) {
  use(block);
  return block;
}
void* whole_pages(void* block) { return seen(block == MAP_FAILED ? nullptr : block); }

// NOLINTBEGIN(cppcoreguidelines-no-malloc,bugprone-suspicious-realloc-usage)
#define ULLAGE_BY(name, ...) \
  [[gnu::noinline]] auto by_##name(std::size_t bytes) { return (__VA_ARGS__); }

ULLAGE_BY(malloc, seen(::malloc(bytes)))
ULLAGE_BY(calloc, seen(::calloc(bytes / 8, 8)))
ULLAGE_BY(realloc, seen(::realloc(::malloc(bytes / 2), bytes)))
ULLAGE_BY(realloc_less, seen(::realloc(::malloc(bytes * 3), bytes)))
ULLAGE_BY(realloc_nothing, seen(::realloc(nullptr, bytes)))
ULLAGE_BY(reallocarray, seen(::reallocarray(::malloc(bytes / 2), bytes / 8, 8)))
ULLAGE_BY(aligned_alloc, seen(::aligned_alloc(kAlignment, bytes)))
ULLAGE_BY(memalign, seen(::memalign(kAlignment, bytes)))
ULLAGE_BY(valloc, seen(::valloc(bytes)))
ULLAGE_BY(pvalloc, seen(::pvalloc(bytes)))
ULLAGE_BY(new, seen(::operator new(bytes)))
ULLAGE_BY(new_array, seen(::operator new[](bytes)))
ULLAGE_BY(new_nothrow, seen(::operator new(bytes, std::nothrow)))
ULLAGE_BY(new_array_nothrow, seen(::operator new[](bytes, std::nothrow)))
ULLAGE_BY(new_aligned, seen(::operator new(bytes, kAligned)))
ULLAGE_BY(new_array_aligned, seen(::operator new[](bytes, kAligned)))
ULLAGE_BY(new_aligned_nothrow, seen(::operator new(bytes, kAligned, std::nothrow)))
ULLAGE_BY(new_array_aligned_nothrow, seen(::operator new[](bytes, kAligned, std::nothrow)))
[[gnu::noinline]] void* by_posix_memalign(std::size_t bytes) {
  void* block = nullptr;
  const int failed = ::posix_memalign(&block, kAlignment, bytes);
  if (failed == 0) return seen(block);
  errno = failed;
  return nullptr;
}
constexpr int kReadWrite = PROT_READ | PROT_WRITE, kPrivate = MAP_PRIVATE | MAP_ANONYMOUS;
ULLAGE_BY(mmap, whole_pages(::mmap(nullptr, bytes, kReadWrite, kPrivate, -1, 0)))
ULLAGE_BY(mmap_fixed, whole_pages(::mmap(::mmap(nullptr, bytes, kReadWrite, kPrivate, -1, 0), bytes,
                                         kReadWrite, kPrivate | MAP_FIXED, -1, 0)))
ULLAGE_BY(mremap, whole_pages(::mremap(::mmap(nullptr, 4 * bytes, kReadWrite, kPrivate, -1, 0), 4 * bytes,
                                       bytes, MREMAP_MAYMOVE)))
#undef ULLAGE_BY
[[gnu::noinline]] void* by_mprotect(std::size_t bytes) {  // of address space that was reserved
  void* reserved = whole_pages(::mmap(nullptr, 4 * bytes, PROT_NONE, kPrivate, -1, 0));
  return reserved != nullptr && ::mprotect(reserved, bytes, kReadWrite) == 0 ? reserved : nullptr;
}

void free_it(void* block, std::size_t) { ::free(block); }
void realloc_to_nothing(void* block, std::size_t) { use(::realloc(block, 0)); }
void unmap(void* block, std::size_t bytes) { ::munmap(block, bytes); }
// NOLINTEND(cppcoreguidelines-no-malloc,bugprone-suspicious-realloc-usage)

using Bytes = std::size_t;
constexpr auto kFunctions = std::to_array<Function>({
    {"by_malloc", by_malloc, free_it, false},
    {"by_calloc", by_calloc, free_it, false},
    {"by_realloc", by_realloc, realloc_to_nothing, false},
    {"by_realloc_less", by_realloc_less, free_it, false},
    {"by_realloc_nothing", by_realloc_nothing, free_it, false},
    {"by_reallocarray", by_reallocarray, free_it, false},
    {"by_aligned_alloc", by_aligned_alloc, free_it, false},
    {"by_memalign", by_memalign, free_it, false},
    {"by_valloc", by_valloc, free_it, false},
    {"by_pvalloc", by_pvalloc, free_it, false},
    {"by_posix_memalign", by_posix_memalign, free_it, false},
    {"by_new", by_new, [](void* p, Bytes bytes) { ::operator delete(p, bytes); }, false},
    {"by_new_array", by_new_array, [](void* p, Bytes bytes) { ::operator delete[](p, bytes); }, false},
    {"by_new_nothrow", by_new_nothrow, [](void* p, Bytes) { ::operator delete(p, std::nothrow); }, false},
    {"by_new_array_nothrow", by_new_array_nothrow,
     [](void* p, Bytes) { ::operator delete[](p, std::nothrow); }, false},
    {"by_new_aligned", by_new_aligned, [](void* p, Bytes bytes) { ::operator delete(p, bytes, kAligned); },
     false},
    {"by_new_array_aligned", by_new_array_aligned,
     [](void* p, Bytes bytes) { ::operator delete[](p, bytes, kAligned); }, false},
    {"by_new_aligned_nothrow", by_new_aligned_nothrow,
     [](void* p, Bytes) { ::operator delete(p, kAligned, std::nothrow); }, false},
    {"by_new_array_aligned_nothrow", by_new_array_aligned_nothrow,
     [](void* p, Bytes) { ::operator delete[](p, kAligned); }, false},
    {"by_mmap", by_mmap, unmap, true},
    {"by_mmap_fixed", by_mmap_fixed, unmap, true},
    {"by_mremap", by_mremap, unmap, true},
    {"by_mprotect", by_mprotect, unmap, true},
});

[[noreturn]] void complain(const Function& function, const char* what) {
  std::fprintf(stderr, "%s: %s\n", function.name, what);
  ::_Exit(9);
}

void* take(const Function& function, std::size_t bytes) {
  void* block = function.take(bytes);
  if (block == nullptr) complain(function, "gave nothing");
  const std::size_t usable = function.is_mapping ? bytes : ::malloc_usable_size(block);
  if (usable < bytes) complain(function, "gave less than was asked for");
  const auto* content = static_cast<const unsigned char*>(block);
  if (function.take == by_calloc && (content[0] != 0 || ::memcmp(content, content + 1, bytes - 1) != 0))
    complain(function, "gave what was not zero");
  const bool is_to_be_aligned = ::strstr(function.name, "align") != nullptr;
  if (reinterpret_cast<std::uintptr_t>(block) % (is_to_be_aligned ? kAlignment : 16) != 0)
    complain(function, "gave a block that is not aligned");
  ::memset(block, 0xA5, usable);
  return block;
}

// Back from free and its kin errno comes as it was (POSIX.1-2024).
void give_back(const Function& function, void* block, std::size_t bytes) {
  errno = kErrno;
  function.give_back(block, bytes);
  if (errno != kErrno) complain(function, "giving back has changed errno");
}

}  // namespace

std::span<const Function> functions() { return kFunctions; }

}  // namespace calls

void call_all_functions() {
  for (const calls::Function& function : calls::kFunctions)
    for (const std::size_t bytes : calls::kSizes) {
      void* first = calls::take(function, bytes);
      void* second = calls::take(function, bytes);
      void* third = calls::take(function, bytes);
      calls::give_back(function, second, bytes);
      const std::size_t at = __atomic_fetch_add(&calls::kept_count, calls::kKept, __ATOMIC_RELAXED);
      calls::kept[at % calls::kept.size()] = first;
      calls::kept[(at + 1) % calls::kept.size()] = third;
    }
}
