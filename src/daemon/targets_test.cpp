// SPDX-License-Identifier: Apache-2.0
#include "daemon/targets.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "sense/custom/custom_sources.h"
#include "sense/custom/scrape_config.h"
#include "server/api_v1.h"

namespace ullage::daemon {
namespace {

using std::chrono::milliseconds;

TEST(Targets, OneOfAJobIsShownAsPrometheusShowsIt) {
  sense::ScrapeTarget scraped{
      .job = std::make_shared<const sense::ScrapeJob>(
          sense::ScrapeJob{.name = "app", .interval = milliseconds(5'000), .timeout = milliseconds(1'500)}),
      .instance = "localhost:8000",
      .url = "http://localhost:8000/metrics?key=secret",
      .labels = {{"instance", "localhost:8000"}, {"job", "app"}, {"team", "red"}}};
  sense::CustomStatus status{.name = "scrape:app/localhost:8000",
                             .error = "answers 500",
                             .time_ms = 7,
                             .duration_seconds = 0.5,
                             .interval_seconds = 5,
                             .target = std::make_shared<const sense::ScrapeTarget>(scraped)};
  const server::ScrapeTarget shown = target_of(status, "http://127.0.0.1:9850/metrics");
  EXPECT_EQ(shown.pool, "app");
  EXPECT_EQ(shown.url, "http://localhost:8000/metrics");
  EXPECT_EQ(shown.labels, (std::map<std::string, std::string>{
                              {"instance", "localhost:8000"}, {"job", "app"}, {"team", "red"}}));
  EXPECT_EQ(shown.timeout_seconds, 1.5);
  EXPECT_EQ(shown.last_error, "answers 500");
  scraped.unix_socket = "/run/app.sock";
  status.target = std::make_shared<const sense::ScrapeTarget>(scraped);
  EXPECT_EQ(target_of(status, "").url, "unix:///run/app.sock");
}

TEST(Targets, WhatHasNoPageOfItsOwnIsReadOnOurs) {
  const server::ScrapeTarget shown =
      target_of(sense::CustomStatus{.name = "exec:queue", .error = {}, .interval_seconds = 15},
                "http://127.0.0.1:9850/metrics");
  EXPECT_EQ(shown.pool, "custom");
  EXPECT_EQ(shown.url, "http://127.0.0.1:9850/metrics");
  EXPECT_EQ(shown.labels.at("instance"), "exec:queue");
  EXPECT_EQ(shown.timeout_seconds, 15);
}

}  // namespace
}  // namespace ullage::daemon
