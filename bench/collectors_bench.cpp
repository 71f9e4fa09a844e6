// SPDX-License-Identifier: Apache-2.0
// What one tick over each collector of the host costs on this machine, its series found in the list of live
// ones; and over all of them. cpu_us is processor time of the whole process, threads of collectors included:
// ticks follow each other so fast that those who read on threads of their own have little to give in their
// own rows, and read more often than they would in the last one.
#include <benchmark/benchmark.h>
#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/os_root.h"
#include "metric/live_series.h"
#include "sense/collector.h"

namespace {

using ullage::sense::Collector;
using ullage::sense::CollectorEntry;

void tick(benchmark::State& state, const std::vector<std::unique_ptr<Collector>>& collectors,
          int pause_ms = 0) {
  constexpr std::size_t kSeriesMax = 100'000;
  const ullage::SystemClock clock;
  ullage::metric::LiveSeries series(kSeriesMax);
  std::int64_t now_ms = 0;
  const auto collect = [&] {
    series.begin(now_ms += 1000);
    for (const auto& collector : collectors) static_cast<void>(collector->collect(series));
  };
  collect();  // files are opened, series made
  const auto before = clock.own_cpu();
  for (auto _ : state) {
    if (pause_ms > 0) ::poll(nullptr, 0, pause_ms);
    collect();
  }
  const double used_us = ullage::to_seconds(clock.own_cpu() - before) * 1e6;
  state.counters["cpu_us"] = used_us / static_cast<double>(state.iterations());
  state.counters["series"] = static_cast<double>(series.size());
}

}  // namespace

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  const auto root = ullage::OsRoot::live();
  for (const CollectorEntry& entry : ullage::sense::collectors())
    benchmark::RegisterBenchmark(std::string(entry.name).c_str(), [&entry, root](benchmark::State& state) {
      std::vector<std::unique_ptr<Collector>> one;
      one.push_back(entry.make(root));
      tick(state, one);
    })->Unit(benchmark::kMicrosecond);
  const auto tick_all = [root](benchmark::State& state) {
    std::vector<std::unique_ptr<Collector>> all;
    for (const CollectorEntry& entry : ullage::sense::collectors()) all.push_back(entry.make(root));
    tick(state, all, static_cast<int>(state.range(0)));
  };
  benchmark::RegisterBenchmark("all", tick_all)->ArgName("pause_ms")->Arg(0)->Unit(benchmark::kMicrosecond);
  benchmark::RegisterBenchmark("all", tick_all)
      ->ArgName("pause_ms")
      ->Arg(200)
      ->Iterations(50)
      ->Unit(benchmark::kMicrosecond);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
