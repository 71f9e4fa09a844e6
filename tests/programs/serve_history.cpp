// SPDX-License-Identifier: Apache-2.0
// serve_history FOLDER PORT SERIES MINUTES: makes a history in FOLDER that ends now, of MINUTES minutes of
// node_load1 and served_total{n="0"} … {n="SERIES-1"}, which grows by n a second; goes on with it each
// second; and serves it on the loopback until it is killed. Prints the address. Port 0: any.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "history/history.h"
#include "metric/live_series.h"
#include "metric/series.h"
#include "program.h"
#include "server/api_v1.h"
#include "server/http_router.h"
#include "server/http_server.h"
#include "server/query_desk.h"

namespace {

namespace metric = ullage::metric;

class Made {
 public:
  Made(ullage::history::HistoryWriter writer, std::int64_t series, std::int64_t begin_s)
      : writer_(std::move(writer)), series_(series), begin_s_(begin_s) {}

  void tick(std::int64_t second) {
    metric::Tick made;
    made.time_ms = second * 1000;
    live.begin(made.time_ms);
    const auto add = [&](const std::string& name, const std::string& n, double value) {
      live.add(name, {{"n", n}}, value);
      metric::Labels labels;
      if (!n.empty()) labels.push_back({"n", n});
      made.add(table_.id(name, labels), value);
    };
    add("node_load1", "", 0.5);
    for (std::int64_t n = 0; n < series_; ++n)
      add("served_total", std::to_string(n), static_cast<double>(n * (second - begin_s_)));
    writer_.append(made, table_);
  }
  ullage::Result<void> flush() { return writer_.flush(); }

  metric::LiveSeries live{100'000};

 private:
  ullage::history::HistoryWriter writer_;
  metric::SeriesTable table_;
  std::int64_t series_, begin_s_;
};

int refuse(const ullage::Error& error) { return std::fprintf(stderr, "%s\n", error.text().c_str()), 1; }

}  // namespace

int main(int count, char** arguments) {
  constexpr auto kUsage = "serve_history FOLDER PORT SERIES MINUTES";
  namespace server = ullage::server;
  const long port = program::number(count, arguments, 2, kUsage);
  const long series = program::number(count, arguments, 3, kUsage);
  const long minutes = program::number(count, arguments, 4, kUsage);
  const std::string folder = arguments[1];
  auto writer = ullage::history::HistoryWriter::open(folder);
  if (!writer) return refuse(writer.error());
  const ullage::SystemClock clock;
  const std::int64_t now_s = clock.wall_ms() / 1000;
  Made made(std::move(*writer), series, now_s - minutes * 60);
  for (std::int64_t second = now_s - minutes * 60; second <= now_s; ++second) made.tick(second);
  if (const auto flushed = made.flush(); !flushed) return refuse(flushed.error());

  ullage::EventLoop loop;
  server::ApiV1 api(loop, clock,
                    {.live = &made.live,
                     .open_history = server::source_of_folder(folder),
                     .build = {.version = "test"},
                     .start_ms = now_s * 1000});
  server::Router router;
  api.add_routes(router);
  const auto serving = server::HttpServer::listen(
      loop, clock, {.listen = {"127.0.0.1:" + std::to_string(port)}}, std::move(router));
  if (!serving) return refuse(serving.error());
  std::printf("%s\n", serving->addresses().at(0).c_str());
  std::fflush(stdout);

  ullage::EventLoop::Handle next;
  const std::function<void()> go_on = [&] {
    made.tick(clock.wall_ms() / 1000);
    if (!made.flush()) std::fprintf(stderr, "cannot flush\n");
    next = loop.after(std::chrono::milliseconds(1000 - clock.wall_ms() % 1000), go_on);
  };
  next = loop.after(std::chrono::milliseconds(1000 - clock.wall_ms() % 1000), go_on);
  loop.run();
  return 0;
}
