// SPDX-License-Identifier: Apache-2.0
// What one tick over a tree of 1,000 processes costs, in microseconds of processor time a process: sleeping
// ones, and one in ten busy enough that its figures change at each tick. Ticks follow each other at a
// simulated interval, so the costly fields come round as often as they would.
//
//   process_tree_bench [processes=1000] [ticks=50] [interval_ms=1000] [busy_share=0.1] [keep_open=2048]
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "sense/proc/process_tree.h"
#include "sense/proc/used_memory.h"
#include "swarm.h"

int main(int argc, char** argv) {
  using ullage::OsRoot;
  using ullage::bench::argument;
  using ullage::sense::ProcessTree;
  const auto count = static_cast<std::size_t>(argument(argc, argv, 1, 1000));
  const auto ticks = static_cast<int>(argument(argc, argv, 2, 50));
  const auto interval = std::chrono::milliseconds(static_cast<long>(argument(argc, argv, 3, 1000)));
  const double busy_share = argument(argc, argv, 4, 0.1);
  const auto keep_open = static_cast<std::size_t>(argument(argc, argv, 5, 2048));
  ullage::bench::allow_many_files();

  const ullage::bench::Swarm swarm(count, static_cast<std::size_t>(static_cast<double>(count) * busy_share));
  ullage::bench::TickClock clock;
  clock.begin_tick({});
  ProcessTree tree(OsRoot::live(),
                   {.root_pid = ::getpid(), .include_root = false, .open_file_limit = keep_open}, clock);
  std::vector<double> costs;
  double first = 0;
  std::size_t found = 0;
  std::uint64_t used = 0;
  for (int tick = 0; tick < ticks; ++tick) {
    swarm.poke();
    clock.begin_tick(interval * tick);
    const auto begin = clock.own_cpu();
    const auto processes = tree.read();
    used += ullage::sense::used_memory(processes, tree.departed_bytes()).best_bytes;
    const double cost = ullage::to_seconds(clock.own_cpu() - begin) * 1e6 / static_cast<double>(count);
    found = processes.size();
    if (tick == 0)
      first = cost;
    else
      costs.push_back(cost);
  }
  std::ranges::sort(costs);
  double sum = 0;
  for (const double cost : costs) sum += cost;
  std::printf(
      "{\"processes\": %zu, \"interval_ms\": %ld, \"busy_share\": %g, \"keep_open\": %zu, "
      "\"first_tick_us\": %.2f, \"mean_us\": %.2f, \"median_us\": %.2f, \"worst_us\": %.2f}\n",
      found, static_cast<long>(interval.count()), busy_share, keep_open, first,
      sum / static_cast<double>(costs.size()), costs[costs.size() / 2], costs.back());
  return used > 0 && found == count ? 0 : 1;
}
