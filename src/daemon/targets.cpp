// SPDX-License-Identifier: Apache-2.0
#include "daemon/targets.h"

#include <map>
#include <string>

#include "base/clock.h"
#include "base/http_client.h"
#include "metric/series.h"
#include "sense/custom/custom_sources.h"
#include "sense/custom/scrape_config.h"
#include "server/api_v1.h"
#include "watch/collecting.h"

namespace ullage::daemon {

namespace {

// What stands behind the ? of an address may be a secret.
std::string shown(const sense::ScrapeTarget& target) {
  return target.unix_socket.empty() ? url_shown(target.url) : "unix://" + target.unix_socket;
}

std::map<std::string, std::string> map_of(const metric::Labels& labels) {
  std::map<std::string, std::string> map;
  for (const metric::Label& label : labels) map[label.name] = label.value;
  return map;
}

}  // namespace

server::ScrapeTarget target_of(const watch::SourceStatus& status, const std::string& page,
                               double interval_seconds) {
  return {.pool = "collectors",
          .labels = {{"instance", status.name}, {"job", "collectors"}},
          .url = page,
          .last_error = status.error,
          .last_ms = status.time_ms,
          .duration_seconds = status.duration_seconds,
          .interval_seconds = interval_seconds,
          .timeout_seconds = interval_seconds};
}

server::ScrapeTarget target_of(const sense::CustomStatus& status, const std::string& page) {
  server::ScrapeTarget target{.pool = "custom",
                              .labels = {{"instance", status.name}, {"job", "custom"}},
                              .url = page,
                              .last_error = status.error,
                              .last_ms = status.time_ms,
                              .duration_seconds = status.duration_seconds,
                              .interval_seconds = status.interval_seconds,
                              .timeout_seconds = status.interval_seconds};
  if (status.target == nullptr) return target;
  target.pool = status.target->job->name;
  target.url = shown(*status.target);
  target.timeout_seconds = to_seconds(status.target->job->timeout);
  target.labels = map_of(status.target->labels);
  target.discovered_labels = map_of(status.target->discovered_labels);
  return target;
}

server::ScrapeTarget target_of(const sense::DroppedTarget& dropped) {
  return {.pool = dropped.job, .discovered_labels = map_of(dropped.discovered_labels), .is_dropped = true};
}

}  // namespace ullage::daemon
