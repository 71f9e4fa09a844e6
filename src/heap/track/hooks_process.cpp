// SPDX-License-Identifier: Apache-2.0
// The stand-ins for what changes the process around its heap: mappings, and libraries that are opened and
// closed. And where the profile begins and ends.
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

#include "heap/track/next_allocator.h"
#include "heap/track/os.h"
#include "heap/track/recorder.h"
#include "heap/track/unwinder.h"

namespace ullage::heap::track {

namespace {

// As libc's own would: -1 and errno.
void* to_result(long result) {
  if (result >= 0 || result < -4095) return reinterpret_cast<void*>(result);
  errno = static_cast<int>(-result);
  return MAP_FAILED;
}

[[gnu::noinline]] void* map(void* wished, std::size_t bytes, int protection, int flags, int descriptor,
                            off64_t offset, const void* frame) {
  void* mapped = to_result(kernel_call(SYS_mmap, reinterpret_cast<long>(wished), static_cast<long>(bytes),
                                       protection, flags, descriptor, offset));
  const CallerFrame from = CallerFrame::of(frame);
  if (mapped == MAP_FAILED || is_in_the_allocator(from.place)) return mapped;
  const int saved = errno;
  const auto begin = reinterpret_cast<std::uintptr_t>(mapped);
  const std::size_t whole = (bytes + 4095) / 4096 * 4096;
  if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == MAP_FIXED) recorder::unmapped(begin, whole);
  const bool has_file = (flags & MAP_ANONYMOUS) == 0;
  const auto what = has_file                         ? recorder::Mapped::file
                    : (protection & PROT_WRITE) != 0 ? recorder::Mapped::memory
                                                     : recorder::Mapped::reserved;
  recorder::mapped(begin, whole, what, from);
  errno = saved;
  return mapped;
}

template <typename Function>
Function* found_once(Function*& function, const char* symbol) {
  if (function == nullptr) function = reinterpret_cast<Function*>(find_next(symbol));
  return function;
}

using Main = int (*)(int, char**, char**);
Main programs_main = nullptr;

// The profile ends before the first destructor: those of the first thread's own variables, and of what was
// built after main has begun, come before any that could be registered here. Readers of stacks leave out the
// frame of ours.
int main_of_ours(int count, char** arguments, char** environment) {
  const int status = programs_main(count, arguments, environment);
  recorder::process_exits();
  return status;
}

[[gnu::constructor(101)]] void process_begins() { recorder::is_asked_for(); }
[[gnu::destructor(101)]] void process_ends() { recorder::process_exits(); }

}  // namespace

}  // namespace ullage::heap::track

namespace track = ullage::heap::track;

#define ULLAGE_STAND_IN extern "C" [[gnu::visibility("default")]]

ULLAGE_STAND_IN void* mmap(void* wished, std::size_t bytes, int protection, int flags, int descriptor,
                           off_t offset) noexcept {
  return track::map(wished, bytes, protection, flags, descriptor, offset, __builtin_frame_address(0));
}

ULLAGE_STAND_IN void* mmap64(void* wished, std::size_t bytes, int protection, int flags, int descriptor,
                             off64_t offset) noexcept {
  return track::map(wished, bytes, protection, flags, descriptor, offset, __builtin_frame_address(0));
}

ULLAGE_STAND_IN int munmap(void* begin, std::size_t bytes) noexcept {
  const int saved = errno;
  track::recorder::unmapped(reinterpret_cast<std::uintptr_t>(begin), (bytes + 4095) / 4096 * 4096);
  errno = saved;
  return track::to_result(track::kernel_call(SYS_munmap, reinterpret_cast<long>(begin),
                                             static_cast<long>(bytes))) == nullptr
             ? 0
             : -1;
}

ULLAGE_STAND_IN void* mremap(void* old, std::size_t old_bytes, std::size_t new_bytes, int flags,
                             ...) noexcept {
  void* wished = nullptr;
  if ((flags & MREMAP_FIXED) != 0) {
    va_list rest;
    va_start(rest, flags);
    wished = va_arg(rest, void*);
    va_end(rest);
  }
  void* moved = track::to_result(
      track::kernel_call(SYS_mremap, reinterpret_cast<long>(old), static_cast<long>(old_bytes),
                         static_cast<long>(new_bytes), flags, reinterpret_cast<long>(wished)));
  if (moved == MAP_FAILED) return moved;
  const int saved = errno;
  const track::recorder::Mapped what = track::recorder::what_is_mapped(reinterpret_cast<std::uintptr_t>(old));
  constexpr int kDontUnmap = 4;
  if ((flags & kDontUnmap) == 0)
    track::recorder::unmapped(reinterpret_cast<std::uintptr_t>(old), (old_bytes + 4095) / 4096 * 4096);
  const auto begin = reinterpret_cast<std::uintptr_t>(moved);
  const std::size_t whole = (new_bytes + 4095) / 4096 * 4096;
  if (wished != nullptr) track::recorder::unmapped(begin, whole);
  track::recorder::mapped(begin, whole, what, track::CallerFrame::of(__builtin_frame_address(0)));
  errno = saved;
  return moved;
}

ULLAGE_STAND_IN int mprotect(void* begin, std::size_t bytes, int protection) noexcept {
  const long result =
      track::kernel_call(SYS_mprotect, reinterpret_cast<long>(begin), static_cast<long>(bytes), protection);
  if (result == 0 && (protection & PROT_WRITE) != 0) {
    const int saved = errno;
    track::recorder::made_writable(reinterpret_cast<std::uintptr_t>(begin), (bytes + 4095) / 4096 * 4096,
                                   track::CallerFrame::of(__builtin_frame_address(0)));
    errno = saved;
  }
  return track::to_result(result) == nullptr ? 0 : -1;
}

// A library that was opened to look at itself first would take memory from libc and give ours back to it.
// Jumped through, so that libc sees who has called: it searches by the caller's own paths.
extern "C" [[gnu::visibility("default")]] void* dlopen(const char* file, int flags) noexcept {
  static void* (*real)(const char*, int);
  return track::found_once(real, "dlopen")(file, flags & ~RTLD_DEEPBIND);
}

ULLAGE_STAND_IN int dlclose(void* library) noexcept {
  static int (*real)(void*);
  const int failed = track::found_once(real, "dlclose")(library);
  track::recorder::module_unloaded();
  return failed;
}

ULLAGE_STAND_IN int chroot(const char* folder) noexcept {
  static int (*real)(const char*);
  const bool holds_folder = track::recorder::root_changes();
  const int failed = track::found_once(real, "chroot")(folder);
  if (failed != 0 && holds_folder) track::recorder::root_stays();
  return failed;
}

// What is defined here is what a header would provide, under its name.
// NOLINTBEGIN(misc-include-cleaner,readability-identifier-naming,clang-diagnostic-error)
extern "C" [[gnu::visibility("default")]] int __libc_start_main(track::Main main, int count, char** arguments,
                                                                void (*initialise)(), void (*finalise)(),
                                                                void (*loader_finalise)(), void* stack_end) {
  static int (*real)(track::Main, int, char**, void (*)(), void (*)(), void (*)(), void*);
  track::programs_main = main;
  return track::found_once(real, "__libc_start_main")(track::main_of_ours, count, arguments, initialise,
                                                      finalise, loader_finalise, stack_end);
}

extern "C" [[gnu::visibility("default")]] void exit(int status) noexcept {
  static void (*real)(int);
  track::recorder::process_exits();
  track::found_once(real, "exit")(status);
  __builtin_unreachable();
}
// NOLINTEND(misc-include-cleaner,readability-identifier-naming,clang-diagnostic-error)
