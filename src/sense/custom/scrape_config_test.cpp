// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/scrape_config.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metric/series.h"

namespace ullage::sense {
namespace {

std::string errors_of(std::string_view text) {
  std::vector<Error> errors;
  parse_scrape_config(text, "s.yaml", errors);
  std::string all;
  for (const Error& error : errors) all += error.text() + '\n';
  return all;
}

std::string targets_of(std::string_view text) {
  std::vector<Error> errors;
  std::string all;
  for (const ScrapeTarget& target : parse_scrape_config(text, "s.yaml", errors))
    all += target.unix_socket + target.url + ' ' + metric::SeriesKey{"", target.labels}.text() + '\n';
  for (const Error& error : errors) all += error.text() + '\n';
  return all;
}

TEST(ScrapeConfig, NamesItsTargets) {
  EXPECT_EQ(targets_of(R"(
scrape_configs:
  - job_name: app
    static_configs:
      - targets: [localhost:8000, "unix:///run/app.sock"]
        labels: {team: red}
  - job_name: api
    scheme: https
    metrics_path: /m
    params: {module: [http, 'a b']}
    static_configs: [{targets: [h]}]
)"),
            "http://localhost:8000/metrics {instance=\"localhost:8000\",job=\"app\",team=\"red\"}\n"
            "/run/app.sockhttp://localhost/metrics {instance=\"/run/app.sock\",job=\"app\",team=\"red\"}\n"
            "https://h/m?module=http&module=a%20b {instance=\"h\",job=\"api\"}\n");
}

TEST(ScrapeConfig, HasPrometheussDefaultsAndLimits) {
  std::vector<Error> errors;
  const auto targets = parse_scrape_config(R"(
global: {scrape_interval: 30s}
scrape_configs:
  - {job_name: a, static_configs: [{targets: [x]}]}
  - {job_name: b, scrape_interval: 5s, sample_limit: 7, honor_labels: true, static_configs: [{targets: [x]}]}
)",
                                           "s.yaml", errors);
  ASSERT_EQ(targets.size(), 2u);
  EXPECT_EQ(targets[0].job->interval, std::chrono::seconds(30));
  EXPECT_EQ(targets[0].job->timeout, std::chrono::seconds(10));
  EXPECT_EQ(targets[1].job->timeout, std::chrono::seconds(5));
  EXPECT_EQ(targets[1].job->sample_limit, 7u);
  EXPECT_TRUE(targets[1].job->honors_labels);
}

TEST(ScrapeConfig, RelabelsTargets) {
  EXPECT_EQ(targets_of(R"(
scrape_configs:
  - job_name: probe
    static_configs: [{targets: ['a:1', 'b:2']}]
    relabel_configs:
      - {source_labels: [__address__], regex: 'b:.*', action: drop}
      - {source_labels: [__address__], target_label: __param_target}
      - {source_labels: [__address__], regex: '(.*):.*', target_label: instance}
      - {target_label: __address__, replacement: '127.0.0.1:9115'}
)"),
            "http://127.0.0.1:9115/metrics?target=a%3A1 {instance=\"a\",job=\"probe\"}\n");
}

TEST(ScrapeConfig, AnErrorSaysWhereAndWhatIsNear) {
  EXPECT_EQ(errors_of("scrape_config: []\n"),
            "s.yaml:1:1: unknown key 'scrape_config'; did you mean 'scrape_configs'?\n");
  EXPECT_EQ(errors_of(R"(
scrape_configs:
  - job_name: a
    scrape_intervall: 5s
    static_configs:
      - target: [x]
    metric_relabel_configs:
      - {regex: 'a(b', action: drop}
      - {action: keeep}
      - {source_labels: [x]}
  - static_configs: [{targets: ['http://x/metrics']}]
  - {job_name: b, scrape_interval: 1s, scrape_timeout: 2s, sample_limit: many}
)"),
            "s.yaml:4:5: unknown key 'scrape_intervall'; did you mean 'scrape_interval'?\n"
            "s.yaml:6:9: unknown key 'target'; did you mean 'targets'?\n"
            "s.yaml:8:17: not a regular expression: missing ): a(b\n"
            "s.yaml:9:18: 'keeep' is not known here; did you mean 'keep'?\n"
            "s.yaml:10:9: a rule that replaces needs a target_label\n"
            "s.yaml:11:5: a job without a job_name\n"
            "s.yaml:12:74: 'many' is no count\n"
            "s.yaml:12:5: scrape_timeout (2000 ms) is longer than scrape_interval (1000 ms)\n");
  EXPECT_EQ(errors_of("scrape_configs: {a: b}\n"),
            "s.yaml:1:17: a list is expected here; each item begins with '- '\n");
  EXPECT_EQ(
      targets_of(R"(scrape_configs: [{job_name: a, static_configs: [{targets: ['http://x']}]}])"),
      "s.yaml:1:60: 'http://x' is no target; host:port or unix:///path/to.sock; scheme and metrics_path are "
      "keys of the job\n");
  EXPECT_EQ(errors_of(""), "");
}

}  // namespace
}  // namespace ullage::sense
