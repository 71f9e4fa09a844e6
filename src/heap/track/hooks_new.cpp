// SPDX-License-Identifier: Apache-2.0
// The stand-ins for operator new and delete. Those of the C++ library call malloc and free, which are
// recorded there; only of an allocator that brings its own (jemalloc, tcmalloc, mimalloc) they are recorded
// here. A program's own come before ours and are never seen.
#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

#include "heap/track/next_allocator.h"
#include "heap/track/recorder.h"
#include "heap/track/thread_record.h"
#include "heap/track/unwinder.h"

namespace ullage::heap::track {

namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kLeastPlaced = 1100;  // as of malloc's

enum class Whose : std::uint8_t { unknown, of_cxx_library, of_allocator };
Whose whose = Whose::unknown;

// The symbol in the module that holds an address, or in one that it needs: what it would have found itself,
// were we not here. The module stays from now on.
void* find_as(const void* caller, const char* symbol) {
  Dl_info info;
  if (::dladdr(caller, &info) == 0 || info.dli_fname == nullptr) return nullptr;
  const bool was_busy = here.is_busy;
  here.is_busy = true;
  void* module = ::dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  void* found = module == nullptr ? nullptr : ::dlsym(module, symbol);
  here.is_busy = was_busy;
  return found;
}

// An operator as the program would have it. That of a library which the program has opened for itself is
// behind us for that library alone: a Python whose extension is of C++.
template <typename Result, typename... Arguments>
class NextOperator {
 public:
  explicit constexpr NextOperator(const char* symbol) : symbol_(symbol) {}
  [[gnu::always_inline]] Result operator()(const void* caller, Arguments... arguments) {
    if (function_ == nullptr) [[unlikely]]
      find(caller);
    return function_(arguments...);
  }
  [[gnu::noinline]] void find(const void* caller) {
    void* found = find_next(symbol_);
    const bool is_for_all = found != nullptr;
    if (!is_for_all) found = find_as(caller, symbol_);
    Dl_info info;
    const bool is_named = is_for_all && ::dladdr(found, &info) != 0 && info.dli_fname != nullptr;
    const bool is_cxx = is_named && (std::strstr(info.dli_fname, "libstdc++") != nullptr ||
                                     std::strstr(info.dli_fname, "libc++") != nullptr);
    whose = is_cxx || !is_for_all ? Whose::of_cxx_library : Whose::of_allocator;
    function_ = reinterpret_cast<Result (*)(Arguments...)>(found);
  }

 private:
  const char* symbol_;
  Result (*function_)(Arguments...) = nullptr;
};

using Bytes = std::size_t;
using Alignment = std::align_val_t;
using NoThrow = const std::nothrow_t&;

constinit NextOperator<void*, Bytes> next_new{"_Znwm"}, next_new_array{"_Znam"};
constinit NextOperator<void*, Bytes, NoThrow> next_new_nothrow{"_ZnwmRKSt9nothrow_t"},
    next_new_array_nothrow{"_ZnamRKSt9nothrow_t"};
constinit NextOperator<void*, Bytes, Alignment> next_new_aligned{"_ZnwmSt11align_val_t"},
    next_new_array_aligned{"_ZnamSt11align_val_t"};
constinit NextOperator<void*, Bytes, Alignment, NoThrow> next_new_aligned_nothrow{
    "_ZnwmSt11align_val_tRKSt9nothrow_t"},
    next_new_array_aligned_nothrow{"_ZnamSt11align_val_tRKSt9nothrow_t"};
constinit NextOperator<void, void*> next_delete{"_ZdlPv"}, next_delete_array{"_ZdaPv"};
constinit NextOperator<void, void*, Bytes> next_delete_sized{"_ZdlPvm"}, next_delete_array_sized{"_ZdaPvm"};
constinit NextOperator<void, void*, NoThrow> next_delete_nothrow{"_ZdlPvRKSt9nothrow_t"},
    next_delete_array_nothrow{"_ZdaPvRKSt9nothrow_t"};
constinit NextOperator<void, void*, Alignment> next_delete_aligned{"_ZdlPvSt11align_val_t"},
    next_delete_array_aligned{"_ZdaPvSt11align_val_t"};
constinit NextOperator<void, void*, Bytes, Alignment> next_delete_sized_aligned{"_ZdlPvmSt11align_val_t"},
    next_delete_array_sized_aligned{"_ZdaPvmSt11align_val_t"};
constinit NextOperator<void, void*, Alignment, NoThrow> next_delete_aligned_nothrow{
    "_ZdlPvSt11align_val_tRKSt9nothrow_t"},
    next_delete_array_aligned_nothrow{"_ZdaPvSt11align_val_tRKSt9nothrow_t"};

bool is_recorded_here(const void* caller) {
  if (whose == Whose::unknown) [[unlikely]]
    next_new.find(caller);
  return whose == Whose::of_allocator;
}

// `as_asked` gives the block as the program has asked for it, or throws.
template <typename AsAsked>
[[gnu::noinline]] void* record_new(std::size_t bytes, std::size_t alignment, const void* frame,
                                   AsAsked as_asked) {
  const CallerFrame from = CallerFrame::of(frame);
  const auto* caller = reinterpret_cast<const void*>(from.place);
  if (!recorder::is_asked_for() || !recorder::is_sampled(bytes)) return as_asked(caller);
  void* pointer = recorder::is_exact() ? as_asked(caller)
                                       : next.memalign(alignment < kPageBytes ? kPageBytes : alignment,
                                                       bytes < kLeastPlaced ? kLeastPlaced : bytes);
  if (pointer != nullptr) {
    recorder::allocated(reinterpret_cast<std::uintptr_t>(pointer), bytes, from);
    return pointer;
  }
  recorder::was_refused();
  return recorder::is_exact() ? nullptr : as_asked(caller);
}

template <typename AsAsked>
[[gnu::always_inline]] inline void* new_block(std::size_t bytes, std::size_t alignment, const void* frame,
                                              const void* caller, AsAsked as_asked) {
  if (!is_recorded_here(caller) || passes_by(bytes)) [[likely]]
    return as_asked(caller);
  return record_new(bytes, alignment, frame, as_asked);
}

// A sampled block is larger than was asked for, so that it must not be given back with that size; nor may
// another that lies where sampled ones do, as it may be one that nobody knows any more: of the process that
// has forked this one, or of a profile that has ended.
template <typename AsAsked, typename WithoutSize>
[[gnu::always_inline]] inline void delete_block(void* pointer, const void* caller, AsAsked as_asked,
                                                WithoutSize without_size) {
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  if (!is_recorded_here(caller) || (address & looked_up_unless) != 0 || pointer == nullptr) [[likely]]
    return as_asked(caller);
  const bool was_known = recorder::freed(address);
  if (recorder::is_exact()) return as_asked(caller);
  return was_known ? next.free(pointer) : without_size(caller);
}
template <typename WithoutSize>
[[gnu::always_inline]] inline void delete_block(void* pointer, const void* caller, WithoutSize without_size) {
  delete_block(pointer, caller, without_size, without_size);
}

}  // namespace

}  // namespace ullage::heap::track

namespace track = ullage::heap::track;
// program's

#define ULLAGE_STAND_IN [[gnu::visibility("default")]]

ULLAGE_STAND_IN void* operator new(std::size_t bytes) {
  return track::new_block(bytes, 0, __builtin_frame_address(0), __builtin_return_address(0),
                          [=](const void* caller) { return track::next_new(caller, bytes); });
}
ULLAGE_STAND_IN void* operator new[](std::size_t bytes) {
  return track::new_block(bytes, 0, __builtin_frame_address(0), __builtin_return_address(0),
                          [=](const void* caller) { return track::next_new_array(caller, bytes); });
}
ULLAGE_STAND_IN void* operator new(std::size_t bytes, const std::nothrow_t& tag) noexcept {
  return track::new_block(bytes, 0, __builtin_frame_address(0), __builtin_return_address(0),
                          [&](const void* caller) { return track::next_new_nothrow(caller, bytes, tag); });
}
ULLAGE_STAND_IN void* operator new[](std::size_t bytes, const std::nothrow_t& tag) noexcept {
  return track::new_block(
      bytes, 0, __builtin_frame_address(0), __builtin_return_address(0),
      [&](const void* caller) { return track::next_new_array_nothrow(caller, bytes, tag); });
}
ULLAGE_STAND_IN void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return track::new_block(
      bytes, static_cast<std::size_t>(alignment), __builtin_frame_address(0), __builtin_return_address(0),
      [=](const void* caller) { return track::next_new_aligned(caller, bytes, alignment); });
}
ULLAGE_STAND_IN void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return track::new_block(
      bytes, static_cast<std::size_t>(alignment), __builtin_frame_address(0), __builtin_return_address(0),
      [=](const void* caller) { return track::next_new_array_aligned(caller, bytes, alignment); });
}
ULLAGE_STAND_IN void* operator new(std::size_t bytes, std::align_val_t alignment,
                                   const std::nothrow_t& tag) noexcept {
  return track::new_block(
      bytes, static_cast<std::size_t>(alignment), __builtin_frame_address(0), __builtin_return_address(0),
      [&](const void* caller) { return track::next_new_aligned_nothrow(caller, bytes, alignment, tag); });
}
ULLAGE_STAND_IN void* operator new[](std::size_t bytes, std::align_val_t alignment,
                                     const std::nothrow_t& tag) noexcept {
  return track::new_block(bytes, static_cast<std::size_t>(alignment), __builtin_frame_address(0),
                          __builtin_return_address(0), [&](const void* caller) {
                            return track::next_new_array_aligned_nothrow(caller, bytes, alignment, tag);
                          });
}

ULLAGE_STAND_IN void operator delete(void* pointer) noexcept {
  track::delete_block(pointer, __builtin_return_address(0),
                      [=](const void* caller) { track::next_delete(caller, pointer); });
}
ULLAGE_STAND_IN void operator delete[](void* pointer) noexcept {
  track::delete_block(pointer, __builtin_return_address(0),
                      [=](const void* caller) { track::next_delete_array(caller, pointer); });
}
ULLAGE_STAND_IN void operator delete(void* pointer, std::size_t bytes) noexcept {
  track::delete_block(
      pointer, __builtin_return_address(0),
      [=](const void* caller) { track::next_delete_sized(caller, pointer, bytes); },
      [=](const void* caller) { track::next_delete(caller, pointer); });
}
ULLAGE_STAND_IN void operator delete[](void* pointer, std::size_t bytes) noexcept {
  track::delete_block(
      pointer, __builtin_return_address(0),
      [=](const void* caller) { track::next_delete_array_sized(caller, pointer, bytes); },
      [=](const void* caller) { track::next_delete_array(caller, pointer); });
}
ULLAGE_STAND_IN void operator delete(void* pointer, const std::nothrow_t& tag) noexcept {
  track::delete_block(pointer, __builtin_return_address(0),
                      [&](const void* caller) { track::next_delete_nothrow(caller, pointer, tag); });
}
ULLAGE_STAND_IN void operator delete[](void* pointer, const std::nothrow_t& tag) noexcept {
  track::delete_block(pointer, __builtin_return_address(0),
                      [&](const void* caller) { track::next_delete_array_nothrow(caller, pointer, tag); });
}
ULLAGE_STAND_IN void operator delete(void* pointer, std::align_val_t alignment) noexcept {
  track::delete_block(pointer, __builtin_return_address(0),
                      [=](const void* caller) { track::next_delete_aligned(caller, pointer, alignment); });
}
ULLAGE_STAND_IN void operator delete[](void* pointer, std::align_val_t alignment) noexcept {
  track::delete_block(pointer, __builtin_return_address(0), [=](const void* caller) {
    track::next_delete_array_aligned(caller, pointer, alignment);
  });
}
ULLAGE_STAND_IN void operator delete(void* pointer, std::size_t bytes, std::align_val_t alignment) noexcept {
  track::delete_block(
      pointer, __builtin_return_address(0),
      [=](const void* caller) { track::next_delete_sized_aligned(caller, pointer, bytes, alignment); },
      [=](const void* caller) { track::next_delete_aligned(caller, pointer, alignment); });
}
ULLAGE_STAND_IN void operator delete[](void* pointer, std::size_t bytes,
                                       std::align_val_t alignment) noexcept {
  track::delete_block(
      pointer, __builtin_return_address(0),
      [=](const void* caller) { track::next_delete_array_sized_aligned(caller, pointer, bytes, alignment); },
      [=](const void* caller) { track::next_delete_array_aligned(caller, pointer, alignment); });
}
ULLAGE_STAND_IN void operator delete(void* pointer, std::align_val_t alignment,
                                     const std::nothrow_t& tag) noexcept {
  track::delete_block(pointer, __builtin_return_address(0), [&](const void* caller) {
    track::next_delete_aligned_nothrow(caller, pointer, alignment, tag);
  });
}
ULLAGE_STAND_IN void operator delete[](void* pointer, std::align_val_t alignment,
                                       const std::nothrow_t& tag) noexcept {
  track::delete_block(pointer, __builtin_return_address(0), [&](const void* caller) {
    track::next_delete_array_aligned_nothrow(caller, pointer, alignment, tag);
  });
}
