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
  for (const ScrapeTarget& target : parse_scrape_config(text, "s.yaml", errors).targets)
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
                                           "s.yaml", errors)
                           .targets;
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

TEST(ScrapeConfig, TellsWhatItsRulesDropAsItWasFound) {
  std::vector<Error> errors;
  const ScrapePlan plan = parse_scrape_config(R"(
scrape_configs:
  - job_name: probe
    params: {token: [not a secret]}
    static_configs: [{targets: ['a:1', 'b:2'], labels: {rack: r}}]
    relabel_configs:
      - {source_labels: [__address__], regex: 'b:.*', action: drop}
      - {target_label: rack, replacement: s}
)",
                                              "s.yaml", errors);
  ASSERT_EQ(plan.targets.size(), 1u);
  ASSERT_EQ(plan.dropped.size(), 1u);
  EXPECT_EQ(metric::SeriesKey("", plan.targets[0].discovered_labels).text(),
            R"({__address__="a:1",__metrics_path__="/metrics",__param_token="<secret>",__scheme__="http",)"
            R"(job="probe",rack="r"})");
  EXPECT_EQ(plan.dropped[0].job, "probe");
  EXPECT_EQ(plan.dropped[0].discovered_labels.front(), (metric::Label{"__address__", "b:2"}));
}

// The blackbox exporter's example: what is probed may be a URL, as rules lay it into a parameter.
TEST(ScrapeConfig, OnlyWhatIsAskedMustBeAnAddress) {
  constexpr std::string_view kRules = R"(, relabel_configs: [
      {source_labels: [__address__], target_label: __param_target},
      {source_labels: [__param_target], target_label: instance},
      {target_label: __address__, replacement: '127.0.0.1:9115'}])";
  const auto job = [](const std::string& target, std::string_view more) {
    return "scrape_configs: [{job_name: a, static_configs: [{targets: ['" + target + "']}]" +
           std::string(more) + "}]";
  };
  EXPECT_EQ(targets_of(job("https://example.com", kRules)),
            "http://127.0.0.1:9115/metrics?target=https%3A%2F%2Fexample.com "
            "{instance=\"https://example.com\",job=\"a\"}\n");
  EXPECT_EQ(targets_of(job("[::1]", "")), "http://[::1]/metrics {instance=\"[::1]\",job=\"a\"}\n");
  EXPECT_EQ(targets_of(job("[::1]:80", "")), "http://[::1]:80/metrics {instance=\"[::1]:80\",job=\"a\"}\n");
  EXPECT_EQ(targets_of(job("h", ", scheme: https")), "https://h/metrics {instance=\"h\",job=\"a\"}\n");
  for (const char* wrong : {"h:", "h:http", "h:0", "h:70000", ":80", "a b:80", "u@h:80", "unix://", "[::1",
                            "[::1]x:80", "[::1]x", "[]:80"})
    EXPECT_NE(targets_of(job(wrong, "")).find("is no target; host:port or"), std::string::npos) << wrong;
}

TEST(ScrapeConfig, TakesTlsAndRedirects) {
  std::vector<Error> errors;
  const auto targets = parse_scrape_config(R"(
scrape_configs:
  - job_name: a
    scheme: https
    honor_timestamps: false
    tls_config: {ca_file: /ca.pem, cert_file: /c.pem, key_file: /k.pem, server_name: n, insecure_skip_verify: true}
    static_configs: [{targets: ['h:1']}]
  - {job_name: b, follow_redirects: true, static_configs: [{targets: [h]}]}
)",
                                           "s.yaml", errors)
                           .targets;
  ASSERT_EQ(targets.size(), 2u);
  const ScrapeJob& job = *targets[0].job;
  EXPECT_FALSE(job.follows_redirects);
  EXPECT_TRUE(targets[1].job->follows_redirects);
  EXPECT_TRUE(job.tls.trusts_anyone);
  EXPECT_EQ(job.tls.ca_file + job.tls.cert_file + job.tls.key_file + job.tls.server_name,
            "/ca.pem/c.pem/k.pemn");
  EXPECT_EQ(
      errors_of("scrape_configs: [{job_name: a, follow_redirects: true, tls_config: {server_name: n}}]"),
      "s.yaml:1:18: follow_redirects and tls_config.server_name do not go together; whom a redirect leads to "
      "would not be asked for that name\n");
}

TEST(ScrapeConfig, WhatIsPrometheussAloneIsSaidToBe) {
  EXPECT_EQ(
      errors_of(R"(
rule_files: []
global: {evaluation_interval: 1m}
scrape_configs:
  - job_name: a
    file_sd_configs: []
    honor_timestamps: true
    tls_config: {cert_file: x}
    proxy_url: 'http://x'
    metric_relabel_configs: [{action: hashmod}, {action: dropequal}]
)"),
      "s.yaml:2:1: 'rule_files' is Prometheus's, and not done here; leave it out\n"
      "s.yaml:3:10: 'evaluation_interval' is Prometheus's, and not done here; leave it out\n"
      "s.yaml:6:5: 'file_sd_configs' is Prometheus's, and not done here; targets are named in "
      "static_configs; when they change, write the file anew and send SIGHUP\n"
      "s.yaml:7:23: times that samples carry are not taken here; honor_timestamps: false is what is done\n"
      "s.yaml:8:17: cert_file and key_file belong together\n"
      "s.yaml:9:5: 'proxy_url' is Prometheus's, and not done here; targets are asked directly; leave it "
      "out\n"
      "s.yaml:10:39: 'hashmod' is not done here; it shares targets among servers; name this one's own\n"
      "s.yaml:10:49: a rule with the action dropequal needs a target_label\n");
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
            "s.yaml:10:9: a rule with the action replace needs a target_label\n"
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
