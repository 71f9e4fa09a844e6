// SPDX-License-Identifier: Apache-2.0
#include "server/ullage_v1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/event_loop.h"
#include "base/gzip.h"
#include "history/open_for_reading.h"
#include "metric/live_series.h"
#include "run/catalog.h"
#include "run/example_record.h"
#include "run/record.h"
#include "run/run_file.h"
#include "sense/processes/process_row.h"
#include "server/http_router.h"
#include "server/server_fixture.h"
#include "server/ullage_v1_runs.h"
#include "server/web_page.h"

namespace ullage::server {
namespace {

using nlohmann::json;
using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kReportPage =
    R"(<!doctype html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-x'">)"
    R"(<script type="application/json" id="ullage-data"></script>)";

sense::ProcessRow process(std::int64_t pid, std::uint64_t resident_bytes, double cores, std::string command) {
  sense::ProcessRow row;
  row.sample.pid = pid;
  row.sample.name = "p" + std::to_string(pid);
  row.sample.resident_bytes = resident_bytes;
  row.cpu_cores = cores;
  row.command_line = std::move(command);
  row.group =
      std::make_shared<sense::ProcessGroup>(sense::ProcessGroup{.name = "group", .user = "u", .unit = ""});
  return row;
}

class UllageApi : public testing::Test {
 protected:
  void SetUp() override {
    auto made = history::ScratchFolder::make();
    ASSERT_TRUE(made);
    folder_ = std::move(*made);
    ASSERT_TRUE(run::runs_folder(folder_.path()));
    rows_.push_back(process(1, 100, 0.5, "init\0"s));
    rows_.push_back(process(2, 300, 0.1, "psql\0--password=hunter22secret\0"s));
    rows_.push_back(process(3, 200, 0.9, "<b>\xff\0"s));
    packed_ = gzip(
        "<!doctype html>"
        R"(<meta http-equiv="Content-Security-Policy" content="connect-src 'self'">)");
    live_.begin(1'790'000'000'000);
    live_.add("node_memory_MemTotal_bytes", 1000);
    live_.add("node_memory_MemAvailable_bytes", 400);
    running_ = std::make_unique<RunningServer>([this](Router& router, EventLoop& loop) {
      api_ = std::make_unique<UllageV1>(
          loop, clock_,
          UllageSubjects{.live = &live_,
                         .processes = [this] { return std::span<const sense::ProcessRow>(rows_); },
                         .notes =
                             [] {
                               return std::vector<Note>{
                                   {.time_ms = 5, .severity = "warning", .text = "the disk is full"}};
                             },
                         .notes_ever = [this] { return notes_ever_; },
                         .processes_over_tcp = [this] { return shows_processes_; },
                         .doctor = [] { return [] { return R"({"findings":[]})"s; }; },
                         .state_directory = folder_.path(),
                         .report_page = kReportPage,
                         .host = "here"});
      api_->add_routes(router);
      add_page(router, "/", packed_);
    });
    tick();
  }
  void TearDown() override {
    running_->on_loop([this] { return api_.reset(), 0; });
    running_.reset();
  }

  void tick() {
    running_->on_loop([this] { return api_->look(), 0; });
  }
  void make_run(const std::string& id, const std::string& name) const {
    auto file = run::RunFile::create(folder_.path() + "/runs/" + id + ".ullage");
    ASSERT_TRUE(file);
    run::Record record = run::example_record();
    record.id = id;
    record.name = name;
    record.events.push_back({.time_ms = 9, .kind = "limit", .severity = "warning", .text = "near its limit"});
    file->set_record(record);
    ASSERT_TRUE(file->close());
  }
  RawClient::Answer get(std::string_view target, std::string_view headers = "") const {
    RawClient client = running_->client();
    client.get(target, headers);
    return client.read();
  }
  json read(std::string_view path) const {
    const auto answer = get("/api/ullage/v1" + std::string(path));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }
  std::vector<std::int64_t> pids(std::string_view parameters) const {
    std::vector<std::int64_t> found;
    const json answer = read("/processes?" + std::string(parameters));
    for (const json& row : answer.at("processes")) found.push_back(row.at("pid"));
    return found;
  }

  history::ScratchFolder folder_;
  bool shows_processes_ = true;
  std::uint64_t notes_ever_ = 0;
  std::vector<sense::ProcessRow> rows_;
  std::string packed_;
  metric::LiveSeries live_{100};
  ManualClock clock_;
  std::unique_ptr<UllageV1> api_;
  std::unique_ptr<RunningServer> running_;
};

TEST_F(UllageApi, TellsTheMachineAtAGlance) {
  const json overview = read("/overview");
  EXPECT_EQ(overview.at("host"), "here");
  EXPECT_EQ(overview.at("memory").at("used_bytes"), 600);
  EXPECT_EQ(overview.at("processes"), 3);
}

TEST_F(UllageApi, ProcessesComeInTheOrderThatIsAskedFor) {
  EXPECT_THAT(pids(""), ElementsAre(2, 3, 1));
  EXPECT_THAT(pids("sort=cpu"), ElementsAre(3, 1, 2));
  EXPECT_THAT(pids("sort=cpu&limit=1"), ElementsAre(3));
  EXPECT_EQ(get("/api/ullage/v1/processes?sort=age").status, 400);
  shows_processes_ = false;
  EXPECT_EQ(get("/api/ullage/v1/processes").status, 403);
  shows_processes_ = true;
  EXPECT_EQ(get("/api/ullage/v1/processes?limit=0").status, 400);
  EXPECT_EQ(get("/api/ullage/v1/processes?limit=many").status, 400);
}

TEST_F(UllageApi, SecretsInArgumentsAreMasked) {
  const std::string body = read("/processes").dump();
  EXPECT_THAT(body, HasSubstr("--password=***"));
  EXPECT_EQ(body.find("hunter22"), std::string::npos);
}

TEST_F(UllageApi, RunsAreListedToldAndReported) {
  make_run("20261124-064012-aaaa", "train");
  EXPECT_EQ(read("/runs").at("runs").at(0).at("name"), "train");
  EXPECT_EQ(read("/runs/20261124-064012-aaaa").at("id"), "20261124-064012-aaaa");
  const auto report = get("/api/ullage/v1/runs/20261124-064012-aaaa/report");
  EXPECT_EQ(report.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(report.header("Content-Security-Policy"),
            "default-src 'none'; script-src 'sha256-x'; frame-ancestors 'none'");
  EXPECT_THAT(report.body, HasSubstr(R"("id":"20261124-064012-aaaa")"));
}

TEST_F(UllageApi, AReportOpensWithATicketWhereATokenIsNeeded) {
  make_run("20261124-064012-aaaa", "train");
  make_run("20261124-064013-bbbb", "other");
  const std::string token(32, 't'), authorization = "Authorization: Bearer " + token + "\r\n";
  const std::string run = "/api/ullage/v1/runs/20261124-064012-aaaa";
  const auto renewal = running_->on_loop([&] {
    auto made = running_->server->renewal({.token = token});
    if (made) (*made)();
    return made.has_value();
  });
  ASSERT_TRUE(renewal);
  const auto ask = [&](const std::string& request) {
    RawClient client = running_->client();
    client.send(request);
    return client.read();
  };
  const auto open = [&](const std::string& path) {
    return ask("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").status;
  };
  EXPECT_EQ(open(run + "/report"), 401);
  EXPECT_EQ(ask("POST " + run + "/ticket HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").status,
            401);
  const auto issued = ask("POST " + run + "/ticket HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n" +
                          authorization + "\r\n");
  ASSERT_EQ(issued.status, 200);
  const std::string ticket = json::parse(issued.body).at("ticket");
  EXPECT_EQ(open(run + "/report?ticket=" + ticket), 200);
  EXPECT_EQ(open(run + "?ticket=" + ticket), 401) << "only what it was given for";
  EXPECT_EQ(open("/api/ullage/v1/runs/20261124-064013-bbbb/report?ticket=" + ticket), 401);
}

TEST_F(UllageApi, NoPathOfTheMachineIsTakenForARun) {
  make_run("20261124-064012-aaaa", "train");
  for (const char* wanted : {"nothing", "@1", "20261124-064012-aaaa.ullage", "..%2Fruns"})
    EXPECT_THAT(get("/api/ullage/v1/runs/" + std::string(wanted)).status, testing::AnyOf(400, 404)) << wanted;
}

TEST_F(UllageApi, EventsOfRunsAndOfTheProgramItselfComeNewestFirst) {
  make_run("20261124-064012-aaaa", "train");
  const json events = read("/events").at("events");
  std::vector<std::int64_t> times;
  for (const json& event : events) times.push_back(event.at("time_ms"));
  EXPECT_TRUE(std::ranges::is_sorted(times, std::ranges::greater{}));
  EXPECT_EQ(events.at(events.size() - 2).at("text"), "near its limit");
  EXPECT_EQ(events.back().at("source"), "daemon");
}

TEST_F(UllageApi, WhoListensHearsEachTickAndOfNewRuns) {
  RawClient client = running_->client();
  client.get("/api/ullage/v1/live");
  const std::string begin = client.read_until("\n\n");
  EXPECT_THAT(begin, HasSubstr("text/event-stream"));
  EXPECT_THAT(begin, HasSubstr("event: tick\ndata: {\"host\":\"here\""));
  tick();
  EXPECT_THAT(client.read_until("event: runs\ndata: {\"version\":1}\n\n"), HasSubstr("event: tick"));
  make_run("20261124-064012-aaaa", "train");
  running_->on_loop([this] { return clock_.advance(std::chrono::seconds(2)), 0; });
  tick();
  EXPECT_THAT(client.read_until("event: runs\ndata: {\"version\":2}\n\n"), HasSubstr("event: tick"));
}

TEST_F(UllageApi, WhoListensHearsThatSomethingWasNoted) {
  RawClient client = running_->client();
  client.get("/api/ullage/v1/live");
  EXPECT_THAT(client.read_until("\n\n"), HasSubstr("text/event-stream"));
  running_->on_loop([this] { return notes_ever_ = 7; });
  tick();
  EXPECT_THAT(client.read_until("event: noted\ndata: {\"version\":7}\n\n"), HasSubstr("event: tick"));
}

TEST_F(UllageApi, TheDoctorAndTheGroupsAnswer) {
  EXPECT_TRUE(read("/doctor").at("findings").empty());
  EXPECT_TRUE(read("/groups").at("groups").empty());
}

TEST_F(UllageApi, ThePageIsSentPackedToWhoTakesItAndPlainToOthers) {
  const auto packed = get("/", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.body, packed_);
  const auto plain = get("/");
  EXPECT_THAT(plain.body, HasSubstr("<!doctype html>"));
  EXPECT_EQ(plain.header("Content-Security-Policy"), "connect-src 'self'; frame-ancestors 'none'");
}

}  // namespace
}  // namespace ullage::server
