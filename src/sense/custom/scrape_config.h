// SPDX-License-Identifier: Apache-2.0
// The part of Prometheus's configuration that says what to scrape, read as Prometheus reads it: global
// intervals and scrape_configs with static targets and relabelling (docs/how-to/custom-metrics.md has the
// keys). A key that is not known here is an error, for whoever wrote it expects it to do something. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/http_client.h"
#include "base/result.h"
#include "metric/series.h"
#include "sense/custom/relabel.h"

namespace ullage::sense {

constexpr std::size_t kScrapeTargetsMax = 200;

struct ScrapeJob {
  std::string name;
  std::chrono::milliseconds interval{60'000};
  std::chrono::milliseconds timeout{10'000};
  std::string user, password, password_file, token_file;  // secrets in files are read at each request
  std::uint64_t sample_limit = 0;                         // 0: none
  bool honors_labels = false;                             // the target's own job and instance stand
  HttpTls tls;
  bool follows_redirects = false;
  std::vector<RelabelRule> metric_rules;
};

struct ScrapeTarget {
  std::shared_ptr<const ScrapeJob> job;
  std::string instance;
  std::string url;
  std::string unix_socket;           // asked through it where there is one
  metric::Labels labels;             // job, instance and its own, in order
  metric::Labels discovered_labels;  // before the job's rules; what may be a secret is masked
  std::string job_text;              // the job as the file has it
  // The same for two targets that are asked in the same way.
  std::string text() const;
};

// What a job's rules leave out.
struct DroppedTarget {
  std::string job;
  metric::Labels discovered_labels;
};

struct ScrapePlan {
  std::vector<ScrapeTarget> targets;
  std::vector<DroppedTarget> dropped;
};

// Errors carry "name:line:column" and are in the order of the file; with any the plan is empty.
ScrapePlan parse_scrape_config(std::string_view text, const std::string& name, std::vector<Error>& errors);
// The same of a file; all errors in one.
Result<ScrapePlan> read_scrape_file(const std::string& path);
// All that is wrong in it, one by one.
std::vector<Error> check_scrape_file(const std::string& path);

}  // namespace ullage::sense
