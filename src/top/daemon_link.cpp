// SPDX-License-Identifier: Apache-2.0
#include "top/daemon_link.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/http_client.h"
#include "base/result.h"
#include "top/daemon_word.h"

namespace ullage::top {

namespace {

// It is on this machine: one that does not answer by then is stuck.
constexpr std::chrono::milliseconds kConnectTime{200}, kAnswerTime{1'000};
constexpr std::int64_t kLeftAloneMs = 30'000;
constexpr int kMinuteSeconds = 60, kTrendSeconds = 300, kStepSeconds = 2;

std::string ranged(const std::string& query, std::int64_t now_ms, int seconds) {
  const std::int64_t end = now_ms / 1000 / kStepSeconds * kStepSeconds;
  return fmt::format("/api/v1/query_range?query={}&start={}&end={}&step={}", url_encoded(query),
                     end - seconds, end, kStepSeconds);
}

// Each part says what it is in a label, so that one question has them all.
std::string part(const std::string& what, const std::string& query) {
  return fmt::format(R"(label_replace({}, "what", "{}", "", ""))", query, what);
}

std::string past_of_all(std::int64_t now_ms) {
  return ranged(
      part("held",
           R"q(sum by (pid, name) ({__name__=~"ullage_process_(anonymous|shared|swap)_bytes",job=""}))q") +
          " or " +
          part("cpu", R"q(sum by (pid, name) (rate(ullage_process_cpu_seconds_total{job=""}[6s])))q") +
          " or " +
          part("held",
               R"q(sum by (group, unit, user) ({__name__=~"ullage_group_(anonymous|swap)_bytes",job=""}))q") +
          " or " +
          part("cpu", R"q(sum by (group, unit, user) (rate(ullage_group_cpu_seconds_total{job=""}[6s])))q"),
      now_ms, kMinuteSeconds);
}

std::string past_of_machine(std::int64_t now_ms) {
  return ranged(
      part("machine", R"(node_memory_MemTotal_bytes{job=""} - node_memory_MemAvailable_bytes{job=""})"),
      now_ms, kTrendSeconds);
}

std::string values_of_runs() {
  return "/api/v1/query?query=" +
         url_encoded(R"q({__name__=~"ullage_run_(used_bytes|limit_bytes|phase)",job=""})q");
}

}  // namespace

Result<std::string> DaemonLink::get(const std::string& path) {
  auto answer = client_->send({.url = "http://ullage" + path});
  if (!answer) return pass_on(answer);
  if (answer->status != 200)
    return fail(fmt::format("answers {} to {}", answer->status, path.substr(0, 40)), socket_);
  return std::move(answer->body);
}

Result<DaemonWord> DaemonLink::ask(About about, std::int64_t now_ms) {
  if (failure_ && now_ms - failed_ms_ < kLeftAloneMs && now_ms >= failed_ms_) return fail(*failure_);
  if (socket_.empty() || !file_exists(socket_)) return fail("no daemon runs", socket_);
  if (!client_) {
    auto client = HttpClient::create({.connect_timeout = kConnectTime,
                                      .timeout = kAnswerTime,
                                      .unix_socket = socket_,
                                      .asks_directly = true});
    if (!client) return pass_on(client);
    client_ = *std::move(client);
  }
  DaemonWord word;
  Result<void> taken;
  const auto take = [&](const std::string& path, auto take_answer) {
    if (!taken) return;
    auto answer = get(path);
    taken = answer ? take_answer(*answer, word) : pass_on(answer);
  };
  take("/api/ullage/v1/overview", take_overview);
  take("/api/ullage/v1/processes?limit=1000&sort=growth", take_growth_of_processes);
  take("/api/ullage/v1/groups", take_growth_of_groups);
  take("/api/ullage/v1/runs?limit=100", take_runs);
  if (!word.runs.empty()) take(values_of_runs(), take_run_values);
  if (about == About::all) {
    take(past_of_all(now_ms), take_past);
    take(past_of_machine(now_ms), take_past);
  }
  failure_.reset();
  if (taken) return word;
  failure_ = taken.error();
  failed_ms_ = now_ms;
  return pass_on(taken);
}

}  // namespace ullage::top
