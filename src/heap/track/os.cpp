// SPDX-License-Identifier: Apache-2.0
#include "heap/track/os.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

// Of the loader: where the first thread's stack ends.
extern "C" void* __libc_stack_end;  // NOLINT(readability-identifier-naming)

namespace ullage::heap::track {

namespace {

std::atomic<std::uintptr_t> first_thread{0};
std::uintptr_t own_thread() { return static_cast<std::uintptr_t>(::pthread_self()); }

}  // namespace

long kernel_call(long number, long a, long b, long c, long d, long e, long f) {
#if defined(__x86_64__)
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
#else
  return -38;  // ENOSYS: nothing is recorded on other processors
#endif
}

void* map_memory(std::size_t bytes) {
  const long at = kernel_call(SYS_mmap, 0, static_cast<long>(bytes), PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at < 0 && at > -4096 ? nullptr : reinterpret_cast<void*>(at);
}

void unmap_memory(void* begin, std::size_t bytes) {
  kernel_call(SYS_munmap, reinterpret_cast<long>(begin), static_cast<long>(bytes));
}

void remember_first_thread() {
  if (kernel_call(SYS_gettid) == kernel_call(SYS_getpid)) first_thread = own_thread();
}

// The first thread has its stack from the kernel; libc puts what it keeps of the others at the end of theirs.
// Not told by the thread's number: a child that another thread has forked has the process's.
std::uintptr_t own_stack_end() {
  const std::uintptr_t thread = own_thread();
  return thread == first_thread ? reinterpret_cast<std::uintptr_t>(__libc_stack_end) : thread;
}

const char* program_path() {
  static char path[kProgramPathBytes];
  if (path[0] == '\0')
    kernel_call(SYS_readlinkat, AT_FDCWD, reinterpret_cast<long>("/proc/self/exe"),
                reinterpret_cast<long>(path), sizeof path - 1);
  return path;
}

}  // namespace ullage::heap::track
