// SPDX-License-Identifier: Apache-2.0
// watch_day FOLDER MINUTES BIRTHS_A_DAY INTERVAL_S ASK_EVERY: what the daemon is made of watches a machine on
// which processes, logins and containers come and go, for minutes of a clock that goes as fast as it can,
// while a client asks every so many minutes what people ask (0: none does). Prints a line each hour: the most
// memory in it, as seen at each minute, for a head of ticks fills up and is written, again and again.
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/http_client.h"
#include "base/os_root.h"
#include "base/result.h"
#include "churning_machine.h"
#include "program.h"
#include "sense/cgroup/cgroups_collector.h"
#include "sense/collector.h"
#include "sense/processes/processes_collector.h"
#include "server/api_v1.h"
#include "server/http_router.h"
#include "server/http_server.h"
#include "server/query_desk.h"
#include "server/ullage_v1.h"
#include "server/worker_pool.h"
#include "watch/collecting.h"
#include "watch/keeper.h"
#include "watch/watch.h"

namespace {

namespace sense = ullage::sense;
namespace server = ullage::server;
namespace watch = ullage::watch;

// The machine's time, which is moved on; read by threads that answer, too.
class DayClock final : public ullage::Clock {
 public:
  std::int64_t wall_ms() const override { return kBeginMs + since_ms_; }
  std::chrono::nanoseconds monotonic() const override { return std::chrono::milliseconds(since_ms_); }
  std::chrono::nanoseconds own_cpu() const override { return std::chrono::nanoseconds(0); }
  std::int64_t since_ms() const { return since_ms_; }
  void advance(std::int64_t by_ms) { since_ms_ += by_ms; }

 private:
  static constexpr std::int64_t kBeginMs =
      1'790'000'000'000;  // in the afternoon: a midnight comes after ten hours
  std::atomic<std::int64_t> since_ms_ = 0;
};

// Questions are of the machine's time and may take real time.
class AskedClock final : public ullage::Clock {
 public:
  explicit AskedClock(const DayClock& day) : day_(day) {}
  std::int64_t wall_ms() const override { return day_.wall_ms(); }
  std::chrono::nanoseconds monotonic() const override { return real_.monotonic(); }
  std::chrono::nanoseconds own_cpu() const override { return real_.own_cpu(); }

 private:
  const DayClock& day_;
  ullage::SystemClock real_;
};

std::vector<watch::Source> sources_of(const ullage::OsRoot& root, const ullage::Clock& clock,
                                      const sense::ProcessesCollector** processes) {
  std::vector<watch::Source> sources;
  for (const sense::CollectorEntry& entry : sense::collectors())
    sources.push_back({std::string(entry.name), entry.make(root)});
  sources.push_back(
      {"cgroups", std::make_unique<sense::CgroupsCollector>(root, sense::CgroupsOptions(), clock)});
  auto collector = std::make_unique<sense::ProcessesCollector>(root, sense::ProcessesOptions(), clock);
  *processes = collector.get();
  sources.push_back({"processes", std::move(collector)});
  return sources;
}

constexpr const char* kQuestions[] = {
    "/api/v1/query?query=topk(5,ullage_process_resident_bytes)",
    "/api/v1/query?query=sum(rate(ullage_group_cpu_seconds_total%5B5m%5D))by(group)",
    "/api/v1/label/group/values",
    "/api/ullage/v1/overview",
    "/api/ullage/v1/processes?limit=50",
    "/metrics",
};

std::uint64_t resident_bytes() {
  const ullage::OsRoot live = ullage::OsRoot::live();
  std::uint64_t size = 0, resident = 0;
  std::ifstream(live.path("/proc/self/statm")) >> size >> resident;
  return resident * static_cast<std::uint64_t>(live.page_size_bytes);
}
std::uint64_t heap_bytes() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

class Day {
 public:
  Day(const std::string& folder, double births_a_second, std::int64_t interval_ms, std::int64_t length_ms,
      std::int64_t ask_every_ms)
      : folder_(folder),
        interval_ms_(interval_ms),
        length_ms_(length_ms),
        ask_every_ms_(ask_every_ms),
        machine_(folder + "/machine", births_a_second) {}

  ullage::Result<void> start() {
    auto keeper = watch::Keeper::open(folder_ + "/state/history", {});
    if (!keeper) return ullage::pass_on(keeper);
    keeper_ = *std::move(keeper);
    const ullage::OsRoot root{.prefix = folder_ + "/machine"};
    watch_.emplace(sources_of(root, clock_, &processes_), 30'000, &*keeper_, clock_);
    api_.emplace(loop_, asked_clock_,
                 server::ApiSubjects{.live = &watch_->live(),
                                     .open_history = server::source_of_folder(folder_ + "/state/history")});
    page_.emplace(loop_, asked_clock_,
                  server::UllageSubjects{.live = &watch_->live(),
                                         .processes = [this] { return processes_->rows(); },
                                         .groups = [this] { return processes_->groups(); },
                                         .state_directory = folder_ + "/state"});
    server::Router router;
    api_->add_routes(router);
    page_->add_routes(router);
    auto serving =
        server::HttpServer::listen(loop_, real_clock_, {.listen = {"127.0.0.1:0"}}, std::move(router));
    if (!serving) return ullage::pass_on(serving);
    server_ = *std::move(serving);
    auto client = ullage::HttpClient::create({.asks_directly = true});
    if (!client) return ullage::pass_on(client);
    client_ = *std::move(client);
    loop_.post([this] { step(); });
    return {};
  }
  // Until the day is over. False when a question failed.
  bool run() {
    loop_.run();
    return !has_failed_;
  }

 private:
  void step() {
    clock_.advance(interval_ms_);
    machine_.pass(static_cast<double>(interval_ms_) / 1000);
    watch_->look(clock_.wall_ms());
    page_->look();
    keeper_->wait_until_kept();
    const bool is_over = clock_.since_ms() >= length_ms_;
    if (clock_.since_ms() % 60'000 < interval_ms_ || is_over) measure();
    if (clock_.since_ms() % 3'600'000 < interval_ms_ || is_over) tell();
    if (is_over) return loop_.stop();
    if (ask_every_ms_ == 0 || clock_.since_ms() % ask_every_ms_ >= interval_ms_)
      return loop_.post([this] { step(); });
    client_thread_.submit([this](std::size_t) {
      for (const char* question : kQuestions) ask(question);
      loop_.post([this] { step(); });
    });
  }
  void ask(const std::string& question) {
    const auto answer = client_->send({.url = "http://" + server_->addresses().at(0) + question});
    if (answer && answer->status == 200) return;
    std::fprintf(stderr, "%s: %s\n", question.c_str(),
                 answer ? answer->body.c_str() : answer.error().text().c_str());
    has_failed_ = true;
  }
  void measure() {
    resident_bytes_most_ = std::max(resident_bytes_most_, resident_bytes());
    heap_bytes_most_ = std::max(heap_bytes_most_, heap_bytes());
  }
  void tell() {
    const watch::KeeperCounts counts = keeper_->counts();
    std::printf(
        "{\"minute\": %lld, \"resident_bytes\": %llu, \"resident_bytes_most\": %llu, \"heap_bytes\": %llu, "
        "\"heap_bytes_most\": %llu, \"live_series\": %zu, "
        "\"samples\": %llu, \"births\": %llu, \"dropped_ticks\": %llu, \"cpu_seconds\": %.1f}\n",
        static_cast<long long>(clock_.since_ms() / 60'000), static_cast<unsigned long long>(resident_bytes()),
        static_cast<unsigned long long>(std::exchange(resident_bytes_most_, 0)),
        static_cast<unsigned long long>(heap_bytes()),
        static_cast<unsigned long long>(std::exchange(heap_bytes_most_, 0)), watch_->live().size(),
        static_cast<unsigned long long>(counts.kept_samples),
        static_cast<unsigned long long>(machine_.births()),
        static_cast<unsigned long long>(counts.dropped_ticks), ullage::to_seconds(real_clock_.own_cpu()));
    std::fflush(stdout);
  }

  std::string folder_;
  std::int64_t interval_ms_, length_ms_, ask_every_ms_;
  std::uint64_t resident_bytes_most_ = 0, heap_bytes_most_ = 0;  // of this hour
  program::ChurningMachine machine_;
  DayClock clock_;
  AskedClock asked_clock_{clock_};
  ullage::SystemClock real_clock_;
  ullage::EventLoop loop_;
  const sense::ProcessesCollector* processes_ = nullptr;  // one of the watch's sources
  std::optional<watch::Keeper> keeper_;
  std::optional<watch::Watch> watch_;
  std::optional<server::ApiV1> api_;
  std::optional<server::UllageV1> page_;
  std::optional<server::HttpServer> server_;
  std::optional<ullage::HttpClient> client_;
  std::atomic<bool> has_failed_ = false;
  server::WorkerPool client_thread_{1, 1};  // ends first
};

}  // namespace

int main(int count, char** arguments) {
  constexpr auto kUsage = "watch_day FOLDER MINUTES BIRTHS_A_DAY INTERVAL_S ASK_EVERY_MINUTES";
  const long minutes = program::number(count, arguments, 2, kUsage);
  const long births = program::number(count, arguments, 3, kUsage);
  const long interval = program::number(count, arguments, 4, kUsage);
  const long ask_every = program::number(count, arguments, 5, kUsage);
  Day day(arguments[1], static_cast<double>(births) / 86'400, interval * 1000, minutes * 60'000,
          ask_every * 60'000);
  if (const auto started = day.start(); !started)
    return std::fprintf(stderr, "%s\n", started.error().text().c_str()), 1;
  return day.run() ? 0 : 1;
}
