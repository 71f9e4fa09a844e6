// SPDX-License-Identifier: Apache-2.0
// Against servers on loopback that answer, hang, lie and point elsewhere.
#include "sense/custom/scrape.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/loopback_server.h"
#include "base/result.h"
#include "sense/custom/custom_reading.h"
#include "sense/custom/scrape_config.h"
#include "sense/fixture.h"

namespace ullage::sense {
namespace {

using namespace std::chrono_literals;

ScrapeTarget target_at(const std::string& url, const std::string& more = "") {
  std::vector<Error> errors;
  const std::string address = url.substr(url.find("://") + 3);
  const ScrapePlan plan = parse_scrape_config(
      "scrape_configs: [{job_name: j, scrape_interval: 1s, static_configs: [{targets: ['" + address +
          "'], labels: {instance: i}}]" + more + "}]",
      "s.yaml", errors);
  for (const Error& error : errors) ADD_FAILURE() << error.text();
  return plan.targets.at(0);
}

std::string text_of(const CustomReading& reading) {
  std::string all;
  for (const CustomValue& value : reading.values)
    if (value.key.name != "scrape_duration_seconds")
      all += fmt::format("{} {}\n", value.key.text(), value.value);
  return reading.error.empty() ? all : all + "error: " + reading.error + '\n';
}

std::string scraped(const LoopbackServer& server, const std::string& more = "") {
  const SystemClock clock;
  std::string text = text_of(Scraper(target_at(server.url(), more), clock).scrape({}));
  for (std::size_t at; (at = text.find(server.url())) != std::string::npos;)
    text.replace(at, server.url().size(), "SERVER");
  return text;
}

std::string answer(std::string_view body) { return LoopbackServer::ok(body, "text/plain; version=0.0.4"); }

constexpr std::string_view kDown =
    "up{instance=\"i\",job=\"j\"} 0\nscrape_samples_scraped{instance=\"i\",job=\"j\"} 0\n"
    "scrape_samples_post_metric_relabeling{instance=\"i\",job=\"j\"} 0\nerror: ";

TEST(Scrape, AddsTheTargetsLabelsAndHowItWent) {
  const LoopbackServer server([](const std::string&) { return answer("a{b=\"c\"} 1\nd{job=\"own\"} 2\n"); });
  EXPECT_EQ(scraped(server),
            "a{b=\"c\",instance=\"i\",job=\"j\"} 1\nd{exported_job=\"own\",instance=\"i\",job=\"j\"} 2\n"
            "up{instance=\"i\",job=\"j\"} 1\nscrape_samples_scraped{instance=\"i\",job=\"j\"} 2\n"
            "scrape_samples_post_metric_relabeling{instance=\"i\",job=\"j\"} 2\n");
  EXPECT_NE(server.requests().at(0).find("GET /metrics "), std::string::npos);
  EXPECT_NE(scraped(server, ", honor_labels: true").find("d{instance=\"i\",job=\"own\"} 2\n"),
            std::string::npos);
}

TEST(Scrape, RulesAndLimitsAreTheJobs) {
  const LoopbackServer server(
      [](const std::string&) { return answer("go_gc 1\nrequests{code=\"200\",pod=\"x\"} 2\n"); });
  const std::string text = scraped(
      server,
      ", metric_relabel_configs: [{source_labels: [__name__], regex: 'go_.*', action: drop}, {regex: pod, "
      "action: labeldrop}]");
  EXPECT_TRUE(text.starts_with("requests{code=\"200\",instance=\"i\",job=\"j\"} 2\nup{")) << text;
  EXPECT_EQ(scraped(server, ", sample_limit: 1"),
            "up{instance=\"i\",job=\"j\"} 0\nscrape_samples_scraped{instance=\"i\",job=\"j\"} 2\n"
            "scrape_samples_post_metric_relabeling{instance=\"i\",job=\"j\"} 0\n"
            "error: SERVER/metrics: 2 samples, where sample_limit allows 1\n");
}

TEST(Scrape, ATargetThatFailsIsDownAndSaysWhy) {
  std::string what;
  const LoopbackServer server([&](const std::string&) { return what; });
  const auto expect = [&](const std::string& said, const std::string& error) {
    what = said;
    EXPECT_EQ(scraped(server), std::string(kDown) + error + '\n');
  };
  expect(LoopbackServer::status("503 Busy", ""), "SERVER/metrics: answers 503");
  expect(LoopbackServer::status("302 Found", "", "text/plain", "Location: http://127.0.0.1:1/\r\n"),
         "SERVER/metrics: answers 302: it points elsewhere; follow_redirects: true goes there");
  expect(answer("a 1\n<html>\n"), "SERVER/metrics: line 2:1: '<html>' is no name of a metric");
  expect(LoopbackServer::ok("a 1\n", "application/openmetrics-text; version=1.0.0"),
         "SERVER/metrics: line 2:1: the text is cut short; its last line is # EOF");
}

TEST(Scrape, ATargetThatPointsNowhereHasNoHintThatIsFollowedAlready) {
  const LoopbackServer server(
      [](const std::string&) { return LoopbackServer::status("304 Not Modified", ""); });
  EXPECT_EQ(scraped(server, ", follow_redirects: true"),
            std::string(kDown) + "SERVER/metrics: answers 304: it points elsewhere\n");
}

TEST(Scrape, GoesWhereItIsPointedToWithoutItsSecrets) {
  const LoopbackServer there([](const std::string&) { return answer("a 1\n"); });
  const LoopbackServer here([&](const std::string&) {
    return LoopbackServer::status("302 Found", "", "text/plain",
                                  "Location: " + there.url() + "/elsewhere\r\n");
  });
  const std::string text =
      scraped(here, ", follow_redirects: true, basic_auth: {username: anna, password: secret}");
  EXPECT_TRUE(text.starts_with("a{instance=\"i\",job=\"j\"} 1\nup{instance=\"i\",job=\"j\"} 1\n")) << text;
  EXPECT_NE(here.requests().at(0).find("Authorization: Basic"), std::string::npos);
  EXPECT_NE(there.requests().at(0).find("GET /elsewhere "), std::string::npos);
  EXPECT_EQ(there.requests().at(0).find("Authorization"), std::string::npos);
}

TEST(Scrape, OfAServerThatHangsOrCutsItsAnswerEnds) {
  for (const std::string said :
       {"HANG", "", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\na 1\n", "nonsense\r\n\r\n"}) {
    const LoopbackServer server([said](const std::string&) { return said; });
    const std::string text = scraped(server, ", scrape_timeout: 200ms");
    EXPECT_TRUE(text.starts_with(kDown)) << text;
  }
}

TEST(Scrape, IsGivenUpWhenWeStop) {
  const LoopbackServer server([](const std::string&) { return "HANG"; });
  std::stop_source stop;
  stop.request_stop();
  const SystemClock clock;
  const auto begin = clock.monotonic();
  Scraper scraper(target_at(server.url()), clock);
  EXPECT_NE(scraper.scrape(stop.get_token()).error.find("cancelled"), std::string::npos);
  EXPECT_LT(clock.monotonic() - begin, 5s);
}

TEST(Scrape, SendsItsSecretsAsTheFilesHaveThemNow) {
  Fixture machine{{"/token", "first\n"}};
  const LoopbackServer server([](const std::string&) { return answer("a 1\n"); });
  const SystemClock clock;
  Scraper scraper(target_at(server.url(), ", bearer_token_file: " + machine.folder() + "/token"), clock);
  (void)scraper.scrape({});
  machine.write("/token", "second\n");
  (void)scraper.scrape({});
  EXPECT_NE(server.requests().at(0).find("Authorization: Bearer first\r\n"), std::string::npos);
  EXPECT_NE(server.requests().at(1).find("Authorization: Bearer second\r\n"), std::string::npos);
  machine.remove("/token");
  EXPECT_NE(text_of(scraper.scrape({})).find("/token: cannot open"), std::string::npos);
}

}  // namespace
}  // namespace ullage::sense
