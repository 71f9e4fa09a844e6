// SPDX-License-Identifier: Apache-2.0
// Prometheus's HTTP API v1 and its neighbours (/federate, /metrics, /-/healthy, /-/ready) as routes: what
// Grafana, promtool and another Prometheus ask. What it tells of the daemon comes in as values and functions,
// so that it runs without one. Reading parameters is api_v1_parameters', reading the history api_v1_answers',
// on the desk's threads. One thread, that of the loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "metric/live_series.h"
#include "query/engine.h"
#include "server/http_router.h"
#include "server/query_desk.h"

namespace ullage::server {

// Something that is read at intervals, as the page of targets shows it.
struct ScrapeTarget {
  std::string pool;                                           // "collectors", or a job's name
  std::map<std::string, std::string> labels = {};             // instance, job
  std::map<std::string, std::string> discovered_labels = {};  // before its job's rules; of a collector none
  bool is_dropped = false;                                    // by those rules: known, never read
  std::string url = {};                                       // where its values can be read
  std::string last_error = {};
  std::int64_t last_ms = 0;
  double duration_seconds = 0;
  double interval_seconds = 0;
  double timeout_seconds = 0;
};

struct BuildInfo {
  std::string version, revision = {}, date = {}, compiler = {};
};

// How it went when the settings were read last.
struct ConfigReload {
  bool is_good = true;
  std::int64_t good_ms = 0;  // when it last went well
};

// What is served besides the history. Functions are called from the loop's thread.
struct ApiSubjects {
  metric::LiveSeries* live = nullptr;  // null: nothing is measured here
  std::function<Result<OpenedSource>()> open_history;
  std::function<std::vector<ScrapeTarget>()> targets = [] { return std::vector<ScrapeTarget>(); };
  std::function<std::string()> configuration = [] { return std::string(); };  // YAML
  std::function<std::map<std::string, std::string>()> settings = [] {
    return std::map<std::string, std::string>();
  };
  std::function<ConfigReload()> reload = [] { return ConfigReload(); };
  std::function<bool()> is_ready = [] { return true; };
  std::string retention = {};  // "7d"
  BuildInfo build = {};
  std::int64_t start_ms = 0;
};

struct ApiOptions {
  QueryDeskOptions desk = {};
  std::chrono::milliseconds query_timeout{120'000};
  query::EngineOptions engine = {};
};

class ApiV1 {
 public:
  // The loop, the clock and the subjects must outlive it; it must outlive the routes.
  ApiV1(EventLoop& loop, const Clock& clock, ApiSubjects subjects, const ApiOptions& options = {});
  ~ApiV1();
  ApiV1(const ApiV1&) = delete;
  ApiV1& operator=(const ApiV1&) = delete;

  void add_routes(Router& router);
  QueryCounts counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::server
