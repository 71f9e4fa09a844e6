// SPDX-License-Identifier: Apache-2.0
// spin_cpu THREADS SECONDS: THREADS threads compute until each has used SECONDS of CPU time, so that the work
// is the same however it is throttled.
#include <time.h>

#include <cstdlib>
#include <ctime>
#include <thread>
#include <vector>

#include "program.h"

namespace {

double thread_cpu_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

void spin(double seconds) {
  volatile unsigned long sink = 1;
  while (thread_cpu_seconds() < seconds)
    for (int i = 0; i < 10'000; ++i) sink = sink * 6364136223846793005ul + 1442695040888963407ul;
}

}  // namespace

int main(int count, char** arguments) {
  constexpr auto kUsage = "spin_cpu THREADS SECONDS (SECONDS may have a fraction)";
  const long threads = program::number(count, arguments, 1, kUsage);
  const double seconds =
      count > 2 ? std::atof(arguments[2]) : static_cast<double>(program::number(count, arguments, 2, kUsage));
  std::vector<std::thread> workers;
  for (long i = 0; i < threads; ++i) workers.emplace_back(spin, seconds);
  for (std::thread& worker : workers) worker.join();
}
