// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of each thread only, summed over a process: run-queue wait and context switches
// (/proc/PID/schedstat and the switches in /proc/PID/status are the main thread's). A thread that has ended
// keeps its share as last seen, so the sums never fall.
#pragma once

#include <cstdint>
#include <vector>

#include "sense/proc/process_files.h"
#include "sense/sample.h"

namespace ullage::sense {

class ThreadSums {
 public:
  struct Totals {
    OptionalSeconds run_queue_wait_seconds;
    OptionalCount voluntary_switches, involuntary_switches;
  };
  // Reads every thread's files; at most kThreadLimit of them.
  Totals read(std::int64_t pid, ProcessFiles& files);

 private:
  static constexpr std::size_t kThreadLimit = 4096;
  struct Thread {
    std::int64_t id;
    double wait_seconds = 0;
    std::uint64_t voluntary = 0, involuntary = 0;
  };
  std::vector<Thread> alive_;  // ascending
  std::vector<Thread> next_;
  Thread ended_{0};
  std::vector<std::int64_t> listing_;
};

}  // namespace ullage::sense
