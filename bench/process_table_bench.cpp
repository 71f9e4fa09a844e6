// SPDX-License-Identifier: Apache-2.0
// What a tick of the whole-machine table costs at 1,000 processes, in milliseconds of processor time: the
// table alone, and the collector with its groups and the live series it writes to. One in ten is busy enough
// that its figures change at each tick. Ticks follow each other at a simulated interval, so that what is read
// in turn comes round as often as it would.
//
//   process_table_bench [processes=1000] [ticks=60] [interval_ms=1000] [busy_share=0.1]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "metric/live_series.h"
#include "sense/bpf/task_iterator.h"
#include "sense/processes/process_table.h"
#include "sense/processes/processes_collector.h"
#include "swarm.h"

namespace {

using ullage::OsRoot;
using ullage::bench::TickClock;

struct Costs {
  double first_ms = 0, mean_ms = 0, median_ms = 0, worst_ms = 0;
};

// Of each tick but the first.
template <class Tick>
Costs measure(const ullage::bench::Swarm& swarm, TickClock& clock, int ticks,
              std::chrono::milliseconds interval, Tick tick) {
  std::vector<double> costs;
  Costs result;
  for (int number = 0; number < ticks; ++number) {
    swarm.poke();
    clock.begin_tick(interval * (number + 1));
    const auto begin = clock.own_cpu();
    tick(number);
    const double cost = ullage::to_seconds(clock.own_cpu() - begin) * 1e3;
    if (number == 0)
      result.first_ms = cost;
    else
      costs.push_back(cost);
  }
  std::ranges::sort(costs);
  for (const double cost : costs) result.mean_ms += cost / static_cast<double>(costs.size());
  result.median_ms = costs[costs.size() / 2];
  result.worst_ms = costs.back();
  return result;
}

void print(const char* what, std::size_t processes, const Costs& costs) {
  std::printf(
      "{\"what\": \"%s\", \"processes\": %zu, \"first_tick_ms\": %.2f, \"mean_ms\": %.2f, \"median_ms\": "
      "%.2f, "
      "\"worst_ms\": %.2f}\n",
      what, processes, costs.first_ms, costs.mean_ms, costs.median_ms, costs.worst_ms);
}

}  // namespace

int main(int argc, char** argv) {
  using ullage::bench::argument;
  const auto count = static_cast<std::size_t>(argument(argc, argv, 1, 1000));
  const auto ticks = static_cast<int>(argument(argc, argv, 2, 60));
  const auto interval = std::chrono::milliseconds(static_cast<long>(argument(argc, argv, 3, 1000)));
  const double busy_share = argument(argc, argv, 4, 0.1);
  ullage::bench::allow_many_files();

  const ullage::bench::Swarm swarm(count, static_cast<std::size_t>(static_cast<double>(count) * busy_share));
  TickClock clock;
  clock.begin_tick({});
  ullage::sense::ProcessTable table(OsRoot::live(), {}, clock);
  print("table", count, measure(swarm, clock, ticks, interval, [&](int) { table.read(); }));

  bool is_good = true;
  for (const bool uses_bpf : {false, true}) {
    TickClock collector_clock;
    collector_clock.begin_tick({});
    ullage::sense::ProcessesCollector collector(OsRoot::live(), {.uses_bpf = uses_bpf}, collector_clock);
    ullage::metric::LiveSeries live(30'000);
    const auto collect = [&](int number) {
      live.begin((number + 1) * interval.count());
      is_good = collector.collect(live).has_value() && collector.rows().size() > count && is_good;
    };
    print(uses_bpf ? "collector with BPF" : "collector", count,
          measure(swarm, collector_clock, ticks, interval, collect));
  }
  if (auto tasks = ullage::sense::TaskIterator::open())
    print("BPF pass over all tasks", count, measure(swarm, clock, ticks, interval, [&](int) {
            is_good = tasks->read().size() > count && is_good;
          }));
  return is_good ? 0 : 1;
}
