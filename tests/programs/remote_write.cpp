// SPDX-License-Identifier: Apache-2.0
// remote_write URL QUEUE BEGIN END SERIES START_MS PACE_MS: sends ticks BEGIN … END-1 (a second apart from
// START_MS, one each PACE_MS) of `sent{n="0"}` … through the queue, waits until it is empty, and prints what
// became of them as JSON. Series 0 has odd values; the last ends half way. Exits 1 when a minute was not
// enough.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "base/event_loop.h"
#include "history/remote/remote_sender.h"
#include "history/remote/remote_writer.h"
#include "metric/series.h"
#include "program.h"

namespace {

using std::chrono::milliseconds;
namespace history = ullage::history;

struct Plan {
  std::int64_t begin, end, series, start_ms, pace_ms;
};

double value_of(std::int64_t series, std::int64_t tick) {
  using Limits = std::numeric_limits<double>;
  const double odd[] = {
      -0.0, Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), Limits::denorm_min(), 0.1};
  if (series == 0) return odd[tick % 6];
  return static_cast<double>(series + 1000 * tick);
}

ullage::metric::Tick tick_of(const Plan& plan, std::int64_t number, ullage::metric::SeriesTable& table) {
  ullage::metric::Tick tick;
  tick.time_ms = plan.start_ms + 1000 * number;
  for (std::int64_t n = 0; n < plan.series; ++n)
    if (n + 1 < plan.series || number < plan.end / 2)
      tick.add(table.id("sent", {{"n", std::to_string(n)}, {"odd", "\"ü\\"}}), value_of(n, number));
  return tick;
}

void print(const history::RemoteWriteCounts& counts) {
  const nlohmann::json all = {
      {"sent", counts.sent},         {"refused", counts.refused},     {"doubtful", counts.doubtful},
      {"crowded", counts.crowded},   {"unwritten", counts.unwritten}, {"failures", counts.failures},
      {"requests", counts.requests}, {"problem", counts.problem},     {"left", counts.queue_samples}};
  std::printf("%s\n", all.dump().c_str());
}

int send(const std::string& url, history::RemoteWriter& writer, const Plan& plan) {
  ullage::EventLoop loop;
  const ullage::SystemClock clock;
  auto sender = history::RemoteSender::start({.url = url, .http = {.timeout = milliseconds(2000)}}, 1, writer,
                                             loop, clock);
  if (!sender) return std::fprintf(stderr, "%s\n", sender.error().text().c_str()), 2;
  ullage::metric::SeriesTable table;
  std::int64_t number = plan.begin;
  const auto deadline = clock.monotonic() + std::chrono::minutes(1);
  ullage::EventLoop::Handle timer;
  std::function<void()> step = [&] {
    if (number < plan.end) writer.append(tick_of(plan, number++, table), table, clock.monotonic());
    sender->look();
    const bool is_done = number == plan.end && writer.is_empty();
    if (is_done || clock.monotonic() > deadline) return loop.stop();
    timer = loop.after(milliseconds(plan.pace_ms), step);
  };
  step();
  loop.run();
  print(writer.counts());
  return writer.is_empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  constexpr auto kUsage = "remote_write URL QUEUE BEGIN END SERIES START_MS PACE_MS";
  const auto number = [&](int at) {
    return static_cast<std::int64_t>(program::number(count, arguments, at, kUsage));
  };
  const Plan plan{number(3), number(4), number(5), number(6), number(7)};
  auto writer = history::RemoteWriter::open(
      arguments[2], {.back_off = {.first = milliseconds(50), .longest = milliseconds(1000)},
                     .batch_samples_max = 500,
                     .batch_wait = milliseconds(50)});
  if (!writer) return std::fprintf(stderr, "%s\n", writer.error().text().c_str()), 2;
  return send(arguments[1], *writer, plan);
}
