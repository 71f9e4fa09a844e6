// SPDX-License-Identifier: Apache-2.0
// The stand-ins for malloc and its kin. What is not recorded takes a subtraction and a jump; a free of what
// is not known a test of the address. What is recorded goes on in functions of their own, whose caller is the
// program's.
#include <errno.h>
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "heap/track/next_allocator.h"
#include "heap/track/recorder.h"
#include "heap/track/thread_record.h"
#include "heap/track/unwinder.h"

namespace ullage::heap::track {

namespace {

constexpr std::size_t kPageBytes = 4096;
// Smaller ones would, once freed, be handed out again and again by libc's per-thread lists, and be looked up
// each time.
constexpr std::size_t kLeastPlaced = 1100;
// From here on libc is likely to have a mapping of its own for a block, at 16 bytes into a page.
constexpr std::size_t kLikelyMapped = 128 << 10;
// libc's lists of free memory point to the header of the block behind, which begins 8 bytes before the end of
// one that fills its place: as if to that block. With so much more room none of them points into it.
constexpr std::size_t kApart = 8;
// What a thread without a profile counts down from: years of allocating.
constexpr std::int64_t kNever = INT64_MAX / 2;

bool is_findable(const void* pointer) {
  return recorder::is_exact() || (reinterpret_cast<std::uintptr_t>(pointer) & kSampledPlaces) == 0;
}

std::uintptr_t to_address(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

bool is_wanted(std::size_t bytes) {
  if (!recorder::is_asked_for()) {
    if (!here.is_busy) here.countdown = kNever;
    return false;
  }
  return recorder::is_sampled(bytes);
}

// The room for a block that is recorded. Where that is no number any more, there is no memory for it either.
std::size_t room_for(std::size_t bytes) {
  const bool is_as_asked = recorder::is_exact() || bytes > SIZE_MAX - kApart;
  return is_as_asked ? bytes : bytes + kApart;
}

// A block where a sampled one can be told from others by its address. Null does not say that there is no
// memory: this takes more of it than was asked for, and who calls falls back on what was.
void* place(std::size_t alignment, std::size_t bytes) {
  const std::size_t placed = bytes < kLeastPlaced ? kLeastPlaced : room_for(bytes);
  return next.memalign(alignment < kPageBytes ? kPageBytes : alignment, placed);
}

// A block that could not be placed is not recorded: nobody would see it freed.
void* record(void* pointer, std::size_t bytes, const CallerFrame& from) {
  if (pointer != nullptr && is_findable(pointer))
    recorder::allocated(to_address(pointer), bytes, from);
  else
    recorder::was_refused();
  return pointer;
}

void* allocate(std::size_t bytes) {
  if (recorder::is_exact()) return next.malloc(bytes);
  if (bytes >= kLikelyMapped) {
    void* pointer = next.malloc(bytes);
    if (pointer == nullptr || is_findable(pointer)) return pointer;
    next.free(pointer);
  }
  void* placed = place(0, bytes);
  return placed == nullptr ? next.malloc(bytes) : placed;
}

void* allocate_zeroed(std::size_t count, std::size_t bytes) {
  std::size_t product = 0;
  if (recorder::is_exact() || __builtin_mul_overflow(count, bytes, &product))
    return next.calloc(count, bytes);
  if (product >= kLikelyMapped) {
    void* pointer = next.calloc(count, bytes);
    if (pointer == nullptr || is_findable(pointer)) return pointer;
    next.free(pointer);
  }
  void* placed = place(0, product);
  return placed == nullptr ? next.calloc(count, bytes) : std::memset(placed, 0, product);
}

// A block that realloc has grown or moved, put where it can be found.
void* move_to_findable(void* pointer, std::size_t bytes) {
  if (is_findable(pointer)) return pointer;
  void* placed = place(0, bytes);
  if (placed == nullptr) return pointer;
  std::memcpy(placed, pointer, bytes);
  next.free(pointer);
  return placed;
}

// These are jumped to, so that what they return to is the program; __builtin_frame_address has the compiler
// set up a frame.
[[gnu::noinline]] void* slow_malloc(std::size_t bytes) {
  if (!is_wanted(bytes)) return next.malloc(bytes);
  return record(allocate(bytes), bytes, CallerFrame::of(__builtin_frame_address(0)));
}

[[gnu::noinline]] void* slow_calloc(std::size_t count, std::size_t bytes) {
  if (!is_wanted(count * bytes)) return next.calloc(count, bytes);
  return record(allocate_zeroed(count, bytes), count * bytes, CallerFrame::of(__builtin_frame_address(0)));
}

[[gnu::noinline]] void* slow_realloc(void* pointer, std::size_t bytes) {
  if (is_of_the_first_pool(pointer)) return move_out_of_the_first_pool(pointer, bytes);
  // Forgotten first: once libc has it, another thread may be given its address.
  recorder::Forgotten before;
  const bool was_known = pointer != nullptr && (to_address(pointer) & looked_up_unless) == 0 &&
                         recorder::freed(to_address(pointer), &before);
  const bool is_recorded = here.countdown <= 0 && bytes != 0 && is_wanted(bytes);
  void* moved = next.realloc(pointer, is_recorded ? room_for(bytes) : bytes);
  if (moved == nullptr && is_recorded) moved = next.realloc(pointer, bytes);
  if (moved == nullptr) {
    if (was_known && bytes != 0) recorder::stays(before);  // for want of memory
    if (is_recorded) recorder::was_refused();
    return nullptr;
  }
  if (!is_recorded) return moved;
  return record(move_to_findable(moved, bytes), bytes, CallerFrame::of(__builtin_frame_address(0)));
}

[[gnu::noinline]] void* slow_memalign(std::size_t alignment, std::size_t bytes) {
  if (!is_wanted(bytes)) return next.memalign(alignment, bytes);
  void* pointer = recorder::is_exact() ? nullptr : place(alignment, bytes);
  if (pointer == nullptr) pointer = next.memalign(alignment, bytes);
  return record(pointer, bytes, CallerFrame::of(__builtin_frame_address(0)));
}

[[gnu::noinline]] void* slow_aligned_alloc(std::size_t alignment, std::size_t bytes) {
  if (!is_wanted(bytes)) return next.aligned_alloc(alignment, bytes);
  const bool as_it_is = recorder::is_exact() || alignment >= kPageBytes;
  void* pointer = as_it_is ? nullptr : place(alignment, bytes);
  if (pointer == nullptr) pointer = next.aligned_alloc(alignment, bytes);
  return record(pointer, bytes, CallerFrame::of(__builtin_frame_address(0)));
}

[[gnu::noinline]] int slow_posix_memalign(void** into, std::size_t alignment, std::size_t bytes) {
  if (!is_wanted(bytes)) return next.posix_memalign(into, alignment, bytes);
  const std::size_t raised = recorder::is_exact() || alignment >= kPageBytes ? alignment : kPageBytes;
  const std::size_t placed = recorder::is_exact() || bytes >= kLeastPlaced ? room_for(bytes) : kLeastPlaced;
  const bool is_valid = alignment >= sizeof(void*) && (alignment & (alignment - 1)) == 0;
  int failed = next.posix_memalign(into, is_valid ? raised : alignment, placed);
  if (failed != 0) failed = next.posix_memalign(into, alignment, bytes);
  record(failed == 0 ? *into : nullptr, bytes, CallerFrame::of(__builtin_frame_address(0)));
  return failed;
}

[[gnu::noinline]] void* slow_valloc(std::size_t bytes) {
  if (!is_wanted(bytes)) return next.valloc(bytes);
  return record(next.valloc(bytes), bytes, CallerFrame::of(__builtin_frame_address(0)));
}

[[gnu::noinline]] void* slow_pvalloc(std::size_t bytes) {
  if (!is_wanted(bytes)) return next.pvalloc(bytes);
  return record(next.pvalloc(bytes), bytes, CallerFrame::of(__builtin_frame_address(0)));
}

[[gnu::noinline]] void slow_free(void* pointer) {
  if (is_of_the_first_pool(pointer)) return;
  if (pointer != nullptr) recorder::freed(to_address(pointer));
  next.free(pointer);
}

}  // namespace

}  // namespace ullage::heap::track

namespace track = ullage::heap::track;

// What is defined here is what a header would provide.
// NOLINTBEGIN(misc-include-cleaner)
#define ULLAGE_STAND_IN extern "C" [[gnu::visibility("default")]]

ULLAGE_STAND_IN void* malloc(std::size_t bytes) noexcept {
  if (track::passes_by(bytes)) [[likely]]
    return track::next.malloc(bytes);
  return track::slow_malloc(bytes);
}

ULLAGE_STAND_IN void free(void* pointer) noexcept {
  if ((track::to_address(pointer) & track::looked_up_unless) != 0) [[likely]]
    return track::next.free(pointer);
  return track::slow_free(pointer);
}

ULLAGE_STAND_IN void* calloc(std::size_t count, std::size_t bytes) noexcept {
  if (track::passes_by(count * bytes)) [[likely]]
    return track::next.calloc(count, bytes);
  return track::slow_calloc(count, bytes);
}

ULLAGE_STAND_IN void* realloc(void* pointer, std::size_t bytes) noexcept {
  if (track::passes_by(bytes) && (track::to_address(pointer) & track::looked_up_unless) != 0) [[likely]]
    return track::next.realloc(pointer, bytes);
  return track::slow_realloc(pointer, bytes);
}

ULLAGE_STAND_IN void* reallocarray(void* pointer, std::size_t count, std::size_t bytes) noexcept {
  std::size_t product = 0;
  if (__builtin_mul_overflow(count, bytes, &product)) {
    errno = ENOMEM;
    return nullptr;
  }
  if (track::passes_by(product) && (track::to_address(pointer) & track::looked_up_unless) != 0) [[likely]]
    return track::next.realloc(pointer, product);
  return track::slow_realloc(pointer, product);
}

ULLAGE_STAND_IN void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
  if (track::passes_by(bytes)) [[likely]]
    return track::next.memalign(alignment, bytes);
  return track::slow_memalign(alignment, bytes);
}

ULLAGE_STAND_IN void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  if (track::passes_by(bytes)) [[likely]]
    return track::next.aligned_alloc(alignment, bytes);
  return track::slow_aligned_alloc(alignment, bytes);
}

ULLAGE_STAND_IN int posix_memalign(void** into, std::size_t alignment, std::size_t bytes) noexcept {
  if (track::passes_by(bytes)) [[likely]]
    return track::next.posix_memalign(into, alignment, bytes);
  return track::slow_posix_memalign(into, alignment, bytes);
}

ULLAGE_STAND_IN void* valloc(std::size_t bytes) noexcept {
  if (track::passes_by(bytes)) [[likely]]
    return track::next.valloc(bytes);
  return track::slow_valloc(bytes);
}

ULLAGE_STAND_IN void* pvalloc(std::size_t bytes) noexcept {
  if (track::passes_by(bytes)) [[likely]]
    return track::next.pvalloc(bytes);
  return track::slow_pvalloc(bytes);
}
// NOLINTEND(misc-include-cleaner)
