// SPDX-License-Identifier: Apache-2.0
// fixed_work THREADS MILLIONS: each thread takes MILLIONS million steps of arithmetic, the same on every run.
#include <cstdint>
#include <thread>
#include <vector>

#include "program.h"

int main(int count, char** arguments) {
  constexpr auto kUsage = "fixed_work THREADS MILLIONS";
  const long threads = program::number(count, arguments, 1, kUsage);
  const long steps = program::number(count, arguments, 2, kUsage) * 1'000'000;
  std::vector<std::thread> workers;
  for (long started = 0; started < threads; ++started)
    workers.emplace_back([steps, started] {
      std::uint64_t state = static_cast<std::uint64_t>(started) + 1;
      for (long step = 0; step < steps; ++step) {
        state ^= state << 13;  // Marsaglia's xorshift64: each step needs the one before
        state ^= state >> 7;
        state ^= state << 17;
      }
      volatile std::uint64_t kept = state;
      (void)kept;
    });
  for (std::thread& worker : workers) worker.join();
}
