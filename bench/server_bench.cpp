// SPDX-License-Identifier: Apache-2.0
// What the server's page of metrics costs with 6,000 series as a busy machine has them: CPU time to write it
// and to pack it, the median of some rounds. A line each: what, value, unit, must, aim. server_bench [ROUNDS]
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/gzip.h"
#include "base/text.h"
#include "metric/descriptor.h"
#include "metric/live_series.h"
#include "server/metrics_page.h"

namespace {

using namespace ullage;

constexpr int kSeries = 6'000;

metric::LiveSeries busy_machine() {
  metric::LiveSeries live(kSeries);
  live.begin(1'700'000'000'000);
  const auto known = metric::descriptors();
  // Process after process, each with all its metrics, as collectors give them.
  for (int i = 0; i < kSeries; ++i) {
    const std::string pid = std::to_string(i / 20 + 1000), name = fmt::format("worker-{}", i / 20 % 50);
    live.add(known[static_cast<std::size_t>(i) % 20].name, {{"pid", pid}, {"name", name}},
             i * 4096.0 + 0.25 * (i % 4));
  }
  return live;
}

double median_ms(int rounds, const std::function<void()>& work) {
  const SystemClock clock;
  std::vector<double> all;
  for (int i = 0; i < rounds; ++i) {
    const auto begin = clock.own_cpu();
    work();
    all.push_back(to_seconds(clock.own_cpu() - begin) * 1000);
  }
  std::ranges::sort(all);
  return all[all.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? static_cast<int>(to_unsigned(arguments[1]).value_or(101)) : 101;
  metric::LiveSeries live = busy_machine();
  std::string page;
  const double plain = median_ms(rounds, [&] { page = server::metrics_text(live, {}); });
  const double open = median_ms(
      rounds, [&] { page = server::metrics_text(live, {.format = server::MetricsFormat::open_metrics}); });
  std::string packed;
  const double pack = median_ms(rounds, [&] { packed = gzip(page); });
  fmt::print("metrics page of {} series, text\t{:.3f}\tms\t6\t2\n", kSeries, plain);
  fmt::print("metrics page of {} series, OpenMetrics\t{:.3f}\tms\t6\t2\n", kSeries, open);
  fmt::print("packing it (off the loop), {} to {} bytes\t{:.3f}\tms\t\t\n", page.size(), packed.size(), pack);
  return 0;
}
