// SPDX-License-Identifier: Apache-2.0
// What the small test programs share: numbers from the command line, memory that is really touched, waiting.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace program {

// The argument at `place`, a number ≥ 0; else the usage on stderr, and exit 2.
inline long number(int count, char** arguments, int place, const char* usage) {
  char* end = nullptr;
  const long value = place < count ? std::strtol(arguments[place], &end, 10) : -1;
  if (value >= 0 && end && *end == 0) return value;
  std::fprintf(stderr, "usage: %s\n", usage);
  std::exit(2);
}

inline void sleep_ms(long ms) {
  timespec rest{ms / 1000, (ms % 1000) * 1'000'000};
  while (::nanosleep(&rest, &rest) != 0 && errno == EINTR) {
  }
}

// Anonymous memory with every page written; `sharing` is MAP_PRIVATE or MAP_SHARED.
inline char* touch(long mib, int sharing = MAP_PRIVATE) {
  if (mib == 0) return nullptr;
  const std::size_t size = static_cast<std::size_t>(mib) << 20;
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("mmap");
    std::exit(1);
  }
  char* bytes = static_cast<char*>(memory);
  for (std::size_t at = 0; at < size; at += 4096) bytes[at] = 1;
  return bytes;
}

}  // namespace program
