// SPDX-License-Identifier: Apache-2.0
// The kernel without libc's wrappers: some of those are what the profiler stands in for, and none of these
// allocates or sets errno. Results below zero are the error's number, negative. And the lock that the
// profiler's tables use.
#pragma once

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ullage::heap::track {

long kernel_call(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0);

// Zeroed memory of our own; null when there is none.
void* map_memory(std::size_t bytes);
void unmap_memory(void* begin, std::size_t bytes);

std::uintptr_t own_stack_end();  // of the thread that asks
// For the process's first thread, before it asks that; of another it does nothing.
void remember_first_thread();
// What this process runs, as it was when this was asked first: after chroot(2) there may be no /proc. Zeros
// follow.
constexpr std::size_t kProgramPathBytes = 512;
const char* program_path();

inline std::int64_t clock_ns(clockid_t clock) {
  timespec time;
  ::clock_gettime(clock, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Held for a few dozen instructions. Not taken twice by a thread: recording inside of recording is turned
// away before.
class SpinLock {
 public:
  void lock() {
    for (int spins = 0; is_held_.exchange(true, std::memory_order_acquire); ++spins)
      while (is_held_.load(std::memory_order_relaxed))
        if (++spins > 100) ::sched_yield();
  }
  bool try_lock() { return !is_held_.exchange(true, std::memory_order_acquire); }
  void unlock() { is_held_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> is_held_{false};
};

class Locked {
 public:
  explicit Locked(SpinLock& lock) : lock_(lock) { lock_.lock(); }
  ~Locked() { lock_.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  SpinLock& lock_;
};

}  // namespace ullage::heap::track
