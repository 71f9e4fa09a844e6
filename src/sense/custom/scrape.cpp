// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/scrape.h"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/http_client.h"
#include "base/result.h"
#include "base/text.h"
#include "metric/exposition_parser.h"
#include "metric/series.h"
#include "sense/custom/custom_reading.h"
#include "sense/custom/relabel.h"
#include "sense/custom/scrape_config.h"

namespace ullage::sense {

namespace {

constexpr std::size_t kAnswerBytesMax = 16u << 20;
constexpr std::size_t kSecretBytesMax = 64u << 10;

Result<std::string> read_secret(const std::string& path) {
  auto text = read_file(path, kSecretBytesMax);
  if (!text) return text;
  return std::string(trim(*text));
}

// What the target calls itself stands aside, as exported_job, where it is the name of one of ours.
void add_target_labels(const ScrapeTarget& target, metric::Labels& labels) {
  for (const metric::Label& own : target.labels) {
    const std::string theirs(label_of(labels, own.name));
    if (target.job->honors_labels && !theirs.empty()) continue;
    if (!theirs.empty()) {
      std::string aside = "exported_" + own.name;
      while (!label_of(labels, aside).empty()) aside.insert(0, "exported_");
      set_label(labels, aside, theirs);
    }
    set_label(labels, own.name, own.value);
  }
}

}  // namespace

Result<std::vector<CustomValue>> labelled(const ScrapeTarget& target,
                                          std::vector<metric::ExpositionSample> samples) {
  std::vector<CustomValue> values;
  values.reserve(samples.size());
  for (metric::ExpositionSample& sample : samples) {
    add_target_labels(target, sample.key.labels);
    if (!target.job->metric_rules.empty()) {
      set_label(sample.key.labels, "__name__", sample.key.name);
      if (!relabel(target.job->metric_rules, sample.key.labels)) continue;
      sample.key.name = label_of(sample.key.labels, "__name__");
      std::erase_if(sample.key.labels,
                    [](const metric::Label& label) { return label.name.starts_with("__"); });
      if (sample.key.name.empty()) continue;
    }
    values.push_back({std::move(sample.key), sample.value});
  }
  if (const auto limit = target.job->sample_limit; limit > 0 && values.size() > limit)
    return fail(fmt::format("{} samples, where sample_limit allows {}", values.size(), limit));
  return values;
}

Result<void> Scraper::prepare_client() {
  const ScrapeJob& job = *target_.job;
  HttpCredentials credentials{.user = job.user, .password = job.password, .bearer_token = {}};
  if (!job.password_file.empty()) {
    auto password = read_secret(job.password_file);
    if (!password) return pass_on(password);
    credentials.password = *std::move(password);
  }
  if (!job.token_file.empty()) {
    auto token = read_secret(job.token_file);
    if (!token) return pass_on(token);
    credentials.bearer_token = *std::move(token);
  }
  const bool is_same =
      credentials.password == credentials_.password && credentials.bearer_token == credentials_.bearer_token;
  if (client_ && is_same) return {};
  auto client = HttpClient::create({.credentials = credentials,
                                    .tls = job.tls,
                                    .connect_timeout = job.timeout,
                                    .timeout = job.timeout,
                                    .answer_bytes_max = kAnswerBytesMax,
                                    .unix_socket = target_.unix_socket,
                                    .asks_directly = true,
                                    .follows_redirects = job.follows_redirects});
  if (!client) return pass_on(client);
  client_ = *std::move(client);
  credentials_ = std::move(credentials);
  return {};
}

Result<metric::Exposition> Scraper::fetch(const std::stop_token& stop) {
  if (auto prepared = prepare_client(); !prepared) return pass_on(prepared);
  const HttpRequest request{
      .url = target_.url,
      .headers = {
          {"Accept",
           "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.6,"
           "*/*;q=0.1"},
          {"X-Prometheus-Scrape-Timeout-Seconds", fmt::format("{}", to_seconds(target_.job->timeout))}}};
  auto answer = client_->send(request, stop);
  if (!answer) return pass_on(answer);
  const std::string where = url_shown(target_.url);
  if (answer->status >= 300 && answer->status < 400)
    return fail(fmt::format("answers {}: it points elsewhere", answer->status), where,
                target_.job->follows_redirects ? "" : "follow_redirects: true goes there");
  if (answer->status != 200) return fail(fmt::format("answers {}", answer->status), where);
  const bool is_openmetrics = answer->content_type.starts_with("application/openmetrics-text");
  auto exposition = metric::parse_exposition(
      answer->body,
      {.form = is_openmetrics ? metric::ExpositionForm::open_metrics : metric::ExpositionForm::plain});
  if (!exposition) {
    Error error = std::move(exposition).error();
    error.where = where + ": " + error.where;
    return fail(std::move(error));
  }
  return exposition;
}

CustomReading Scraper::scrape(const std::stop_token& stop) {
  CustomReading reading;
  const std::chrono::nanoseconds begin = clock_.monotonic();
  auto exposition = fetch(stop);
  const double seconds = to_seconds(clock_.monotonic() - begin);
  const std::size_t scraped = exposition ? exposition->samples.size() : 0;
  if (exposition) {
    auto values = labelled(target_, std::move(exposition->samples));
    reading.families = std::move(exposition->families);
    if (values)
      reading.values = *std::move(values);
    else
      reading.error = url_shown(target_.url) + ": " + values.error().text();
  } else {
    reading.error = exposition.error().text();
  }
  const auto add = [&](const char* name, double value) {
    reading.values.push_back({{name, target_.labels}, value});
  };
  const std::size_t left = reading.values.size();
  add("up", reading.error.empty() ? 1 : 0);
  add("scrape_duration_seconds", seconds);
  add("scrape_samples_scraped", static_cast<double>(scraped));
  add("scrape_samples_post_metric_relabeling", static_cast<double>(left));
  return reading;
}

}  // namespace ullage::sense
