// SPDX-License-Identifier: Apache-2.0
#include "server/api_v1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "history/history.h"
#include "history/history_fixture.h"
#include "metric/family.h"
#include "metric/live_series.h"
#include "metric/series.h"
#include "server/http_router.h"
#include "server/query_desk.h"
#include "server/server_fixture.h"

namespace ullage::server {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;

// A history of five minutes: x{n="0"} … x{n="2"}, x{n} being n + 1000 × seconds since noon, and up{job="a"}.
class Api : public history::HistoryFolder {
 protected:
  void SetUp() override {
    HistoryFolder::SetUp();
    auto writer = write();
    for (std::int64_t second = 0; second <= 300; ++second) {
      metric::Tick made = tick(second);
      made.add(table_.id("up", {{"job", "a"}}), 1);
      writer.append(made, table_);
    }
    ASSERT_TRUE(writer.close());
    live_.begin(history::kNoon);
    live_.add("node_load1", 0.5);
    live_.add("own.dotted", 1);
    live_.add("took_seconds_sum", 2);
    live_.describe({.name = "took_seconds",
                    .kind = metric::FamilyKind::histogram,
                    .unit = "seconds",
                    .help = "How long."});
    clock_.set_wall_ms(history::kNoon + 300'000);
    running_ = std::make_unique<RunningServer>([this](Router& router, EventLoop& loop) {
      api_ = std::make_unique<ApiV1>(
          loop, clock_,
          ApiSubjects{
              .live = &live_,
              .open_history = source_of_folder(folder_),
              .targets =
                  [] {
                    return std::vector<ScrapeTarget>{
                        {.pool = "collectors",
                         .labels = {{"instance", "load"}, {"job", "collectors"}},
                         .url = "http://127.0.0.1:9850/metrics",
                         .last_ms = 1'000,
                         .interval_seconds = 1,
                         .timeout_seconds = 0.2},
                        {.pool = "app",
                         .labels = {{"job", "app"}},
                         .discovered_labels = {{"__address__", "a:1"}},
                         .interval_seconds = 90},
                        {.pool = "app", .discovered_labels = {{"__address__", "b:1"}}, .is_dropped = true}};
                  },
              .configuration = [] { return "server: {}\n"; },
              .reload = [] { return ConfigReload{.is_good = false, .good_ms = history::kNoon + 3'600'000}; },
              .build = {.version = "0.1.0"},
              .start_ms = history::kNoon});
      api_->add_routes(router);
    });
  }
  void TearDown() override {
    running_->on_loop([this] { return api_.reset(), 0; });
    running_.reset();
    HistoryFolder::TearDown();
  }

  RawClient::Answer get(std::string_view target, std::string_view headers = "") {
    RawClient client = running_->client();
    client.get(target, headers);
    return client.read();
  }
  RawClient::Answer post(std::string_view path, std::string_view form) {
    RawClient client = running_->client();
    client.send("POST " + std::string(path) +
                " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
                "Content-Length: " + std::to_string(form.size()) + "\r\n\r\n" + std::string(form));
    return client.read();
  }
  // The data of a success.
  std::string data(std::string_view target) {
    const auto answer = get(target);
    const json body = json::parse(answer.body, nullptr, false);
    EXPECT_EQ(answer.status, 200) << target << ": " << answer.body;
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_EQ(body.value("status", ""), "success");
    return body.contains("data") ? body["data"].dump() : "";
  }
  std::string error(std::string_view target, int status) {
    const auto answer = get(target);
    EXPECT_EQ(answer.status, status) << target << ": " << answer.body;
    const json body = json::parse(answer.body, nullptr, false);
    return body.value("errorType", "") + ": " + body.value("error", "");
  }

  static constexpr std::int64_t kSeconds = history::kNoon / 1000;
  static std::string at(std::int64_t second) { return std::to_string(kSeconds + second); }

  ManualClock clock_;
  metric::LiveSeries live_{100};
  std::unique_ptr<ApiV1> api_;
  std::unique_ptr<RunningServer> running_;
};

TEST_F(Api, AnInstantQueryIsNowByDefault) {
  EXPECT_EQ(data("/api/v1/query?query=x%7Bn%3D%221%22%7D"),
            R"({"result":[{"metric":{"__name__":"x","n":"1"},"value":[)" + at(300) +
                R"(,"300001"]}],"resultType":"vector"})");
  EXPECT_THAT(data("/api/v1/query?query=sum(x)&time=" + at(1)), HasSubstr("\"3003\""));
  EXPECT_THAT(data("/api/v1/query?query=1%2B1"), HasSubstr(R"("resultType":"scalar")"));
}

TEST_F(Api, ARangeQueryMayBeAPostedForm) {
  const auto answer =
      post("/api/v1/query_range", "query=x%7Bn%3D%220%22%7D&start=" + at(10) + "&end=" + at(20) + "&step=5");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(json::parse(answer.body)["data"]["result"][0]["values"].dump(),
            "[[" + at(10) + R"(,"10000"],[)" + at(15) + R"(,"15000"],[)" + at(20) + R"(,"20000"]])");
}

TEST_F(Api, LimitsCutAndSaySo) {
  const auto answer = json::parse(get("/api/v1/query?query=x&limit=2").body);
  EXPECT_EQ(answer["data"]["result"].size(), 2u);
  EXPECT_EQ(answer["warnings"].dump(), R"(["results truncated due to limit"])");
  EXPECT_EQ(json::parse(get("/api/v1/label/n/values?limit=1").body)["warnings"].size(), 1u);
}

TEST_F(Api, LookbackMayBeTheQuestionsOwn) {
  EXPECT_THAT(data("/api/v1/query?query=up&time=" + at(400)), HasSubstr("\"job\""));
  EXPECT_THAT(data("/api/v1/query?query=up&lookback_delta=10s&time=" + at(400)), HasSubstr(R"("result":[])"));
}

TEST_F(Api, ErrorsHaveThePlaceTheTypeAndTheStatus) {
  EXPECT_THAT(error("/api/v1/query?query=sum(", 400),
              StartsWith("bad_data: invalid parameter \"query\": 1:"));
  EXPECT_THAT(error("/api/v1/query", 400), StartsWith("bad_data: invalid parameter \"query\""));
  EXPECT_THAT(error("/api/v1/query?query=up&time=soon", 400),
              HasSubstr("cannot parse \"soon\" to a valid timestamp"));
  EXPECT_THAT(error("/api/v1/query_range?query=up&start=0&end=1", 400),
              HasSubstr("invalid parameter \"step\""));
  EXPECT_THAT(error("/api/v1/query_range?query=up[5m]&start=0&end=1&step=1", 400),
              HasSubstr("invalid expression type"));
  EXPECT_THAT(error("/api/v1/query?query=x*on()group_left(n)x", 422), StartsWith("execution: "));
  EXPECT_THAT(error("/api/v1/query?query=x&timeout=0.000001", 400), StartsWith("bad_data: "));
  EXPECT_THAT(error("/api/v1/series", 400), HasSubstr("no match[] parameter provided"));
  EXPECT_THAT(error("/api/v1/series?match[]=%7B%7D", 400), StartsWith("bad_data: "));
  EXPECT_THAT(error("/api/v1/label/%ff/values", 400), HasSubstr("invalid label name"));
  EXPECT_EQ(get("/api/v2/query").status, 404);
  EXPECT_EQ(post("/api/v1/label/n/values", "").status, 405);
}

TEST_F(Api, TellsWhichSeriesAndLabelsThereAre) {
  EXPECT_EQ(data("/api/v1/series?match[]=x%7Bn%3D%221%22%7D&match[]=up&match[]=up"),
            R"([{"__name__":"up","job":"a"},{"__name__":"x","n":"1"}])");
  EXPECT_EQ(data("/api/v1/labels"), R"(["__name__","job","n"])");
  EXPECT_EQ(data("/api/v1/labels?match[]=up"), R"(["__name__","job"])");
  EXPECT_EQ(data("/api/v1/label/__name__/values"), R"(["up","x"])");
  EXPECT_EQ(data("/api/v1/label/n/values?start=" + at(0) + "&end=" + at(300)), R"(["0","1","2"])");
  EXPECT_EQ(data("/api/v1/label/n/values?start=" + at(400) + "&end=" + at(500)), "[]");
  EXPECT_EQ(data("/api/v1/label/none/values"), "[]");
}

TEST_F(Api, FederatesTheNewestValuesWithTheirTimes) {
  const auto answer = get("/federate?match[]=up&match[]=x%7Bn%3D%220%22%7D");
  EXPECT_EQ(
      answer.body,
      "# HELP up 1 when the last scrape of the target went well, else 0.\n# TYPE up gauge\nup{job=\"a\"} 1 " +
          at(300) + "000\n# TYPE x untyped\nx{n=\"0\"} 300000 " + at(300) + "000\n");
  EXPECT_THAT(answer.header("Content-Type"), StartsWith("text/plain; version=0.0.4"));
  EXPECT_EQ(get("/federate").body, "");
}

TEST_F(Api, ServesTheLiveSeriesInTheFormatAskedFor) {
  EXPECT_THAT(get("/metrics").body, HasSubstr("# TYPE node_load1 gauge\nnode_load1 0.5\n"));
  const auto open =
      get("/metrics", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n");
  EXPECT_THAT(open.header("Content-Type"), StartsWith("application/openmetrics-text"));
  EXPECT_TRUE(open.body.ends_with("# EOF\n"));
  const auto quoted = get("/metrics", "Accept: text/plain;version=1.0.0;escaping=allow-utf-8\r\n");
  EXPECT_THAT(quoted.body, HasSubstr("{\"own.dotted\"} 1\n"));
  EXPECT_EQ(quoted.header("Content-Type"), "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8");
}

TEST_F(Api, WhatAnAnswerCostIsToldToWhoAsks) {
  const auto stats = json::parse(data("/api/v1/query?query=x&stats=all"))["stats"];
  EXPECT_EQ(stats["timings"].dump(), R"({"evalTotalTime":0,"execQueueTime":0,"execTotalTime":0})");
  EXPECT_GE(stats["samples"]["totalQueryableSamples"], 3);
  const auto range = json::parse(
      data("/api/v1/query_range?query=x&stats=true&start=" + at(10) + "&end=" + at(20) + "&step=5"));
  EXPECT_GT(range["stats"]["samples"]["totalQueryableSamples"], 9);
  EXPECT_FALSE(json::parse(data("/api/v1/query?query=x")).contains("stats"));
}

TEST_F(Api, TargetsAreThoseOfAPoolAndAStateInPrometheussForm) {
  const auto pools = [&](std::string_view query) {
    std::string all;
    const json answer = json::parse(data("/api/v1/targets" + std::string(query)));
    for (const json& target : answer["activeTargets"]) all += target["scrapePool"].get<std::string>() + ' ';
    for (const json& target : answer["droppedTargets"])
      all += '-' + target["scrapePool"].get<std::string>() + ' ';
    return all;
  };
  EXPECT_EQ(pools(""), "collectors app -app ");
  EXPECT_EQ(pools("?state=any"), "collectors app -app ");
  EXPECT_EQ(pools("?state=active&scrapePool=app"), "app ");
  EXPECT_EQ(pools("?scrapePool=none"), "");
  EXPECT_EQ(pools("?state=dropped"), "-app ");
  EXPECT_EQ(pools("?state=dropped&scrapePool=collectors"), "");
  EXPECT_EQ(data("/api/v1/targets?state=dropped"),
            R"({"activeTargets":[],"droppedTargetCounts":{"app":1},)"
            R"("droppedTargets":[{"discoveredLabels":{"__address__":"b:1"},"scrapePool":"app"}]})");
  const json target = json::parse(data("/api/v1/targets"))["activeTargets"][0];
  EXPECT_EQ(target["scrapeInterval"], "1s");
  EXPECT_EQ(target["scrapeTimeout"], "200ms");
  EXPECT_EQ(target["scrapeUrl"], "http://127.0.0.1:9850/metrics");
  EXPECT_EQ(target["globalUrl"], target["scrapeUrl"]);
  const json app = json::parse(data("/api/v1/targets?scrapePool=app"))["activeTargets"][0];
  EXPECT_EQ(app["scrapeInterval"], "1m30s");
  EXPECT_EQ(app["discoveredLabels"]["__address__"], "a:1");
}

TEST_F(Api, WhatIsFederatedHasItsType) {
  // Of the history's series, one that somebody told of.
  running_->on_loop([this] {
    live_.describe({.name = "x", .kind = metric::FamilyKind::gauge, .help = "An x."});
    return 0;
  });
  EXPECT_THAT(get("/federate?match[]=x").body, StartsWith("# HELP x An x.\n# TYPE x gauge\nx{n=\"0\"} "));
}

TEST_F(Api, TellsOfItself) {
  EXPECT_THAT(data("/api/v1/status/buildinfo"), HasSubstr(R"("version":"3.0.0+ullage.0.1.0")"));
  const json runtime = json::parse(data("/api/v1/status/runtimeinfo"));
  EXPECT_THAT(runtime.at("startTime"), HasSubstr("T12:00:00"));
  EXPECT_EQ(runtime.at("reloadConfigSuccess"), false);
  EXPECT_THAT(runtime.at("lastConfigTime"), HasSubstr("T13:00:00"));
  EXPECT_EQ(data("/api/v1/status/config"), R"({"yaml":"server: {}\n"})");
  EXPECT_EQ(data("/api/v1/status/flags"), "{}");
  EXPECT_THAT(data("/api/v1/status/tsdb"), HasSubstr(R"("numSeries":4)"));
  EXPECT_EQ(data("/api/v1/rules"), R"({"groups":[]})");
  EXPECT_EQ(data("/api/v1/alerts"), R"({"alerts":[]})");
  EXPECT_EQ(data("/api/v1/query_exemplars?query=up"), "[]");
  EXPECT_THAT(data("/api/v1/targets"), HasSubstr(R"("health":"up")"));
  EXPECT_THAT(data("/api/v1/metadata?metric=node_load1"),
              HasSubstr(R"([{"help":"1m load average.","type":"gauge","unit":""}])"));
  EXPECT_EQ(json::parse(data("/api/v1/metadata?limit=3")).size(), 3u);
  EXPECT_EQ(data("/api/v1/metadata?metric=took_seconds"),
            R"({"took_seconds":[{"help":"How long.","type":"histogram","unit":"seconds"}]})");
  EXPECT_EQ(data("/api/v1/format_query?query=sum(x)by(n)"), "\"sum by (n) (x)\"");
  EXPECT_EQ(get("/-/healthy").status, 200);
  EXPECT_EQ(get("/-/ready").status, 200);
}

}  // namespace
}  // namespace ullage::server
