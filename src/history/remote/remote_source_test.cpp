// SPDX-License-Identifier: Apache-2.0
#include "history/remote/remote_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/loopback_server.h"
#include "history/block.h"
#include "history/history_fixture.h"
#include "history/remote/selector_text.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string matrix(const std::string& result) {
  return LoopbackServer::ok(R"({"status":"success","data":{"resultType":"matrix","result":[)" + result +
                            "]}}");
}
std::string one_series(const std::string& name, const std::string& values) {
  return R"({"metric":{"__name__":")" + name + R"("},"values":[)" + values + "]}";
}

RemoteSource ask(const std::string& url, RemoteOptions options = {}) {
  options.url = url;
  auto source = RemoteSource::open(std::move(options));
  EXPECT_TRUE(source) << source.error().text();
  return std::move(*source);
}

Error failure_of(const RemoteSource& source, const Selection& selection = {{}, 0, 1000}) {
  const auto done = source.select(selection, [](const auto&, const auto&) { return Result<void>(); });
  EXPECT_FALSE(done);
  return done ? Error{} : done.error();
}

TEST(SelectorText, SaysMatchersAsPromQLDoes) {
  using enum Matcher::Kind;
  const std::vector<Matcher> all = {
      {"__name__", equal, "x"}, {"a", not_equal, "q\"\\\n"}, {"b.c", regex, "d|e"}, {"f", not_regex, "g"}};
  EXPECT_EQ(selector_text(all), R"({__name__="x",a!="q\"\\\n","b.c"=~"d|e",f!~"g"})");
  EXPECT_EQ(selector_text({}), R"({__name__!=""})");
  const std::vector<Matcher> loose = {{"a", equal, ""}};
  EXPECT_EQ(selector_text(loose), R"({a="",__name__!=""})");
}

TEST(RemoteSource, AsksAStretchAtATimeAndKeepsTheLeftEndOut) {
  const LoopbackServer server([](const std::string& request) {
    // As Prometheus 2 would: the left end is in.
    if (request.find("time=10.000") != std::string::npos)
      return matrix(one_series("x", R"([0,"0"],[5,"1"],[10,"2"])") + "," +
                    one_series("y", R"([5,"7"],[6,"8"])"));
    return matrix(one_series("x", R"([10,"2"],[15,"3"],[20,"4"])"));
  });
  RemoteOptions options;
  options.slice = std::chrono::seconds(10);
  options.http.answer_bytes_max = 2000;  // so that stretches do not grow
  const auto all =
      select_all(ask(server.url() + "/", options), 0, 20'000, {{"__name__", Matcher::Kind::regex, ".+"}});
  ASSERT_EQ(all.size(), 2u);
  std::vector<std::int64_t> times;
  for (const Sample& sample : all.at("x")) times.push_back(sample.time_ms);
  EXPECT_THAT(times, ElementsAre(5000, 10'000, 15'000, 20'000));
  ASSERT_EQ(all.at("y").size(), 3u) << "y ended, which a marker says";
  EXPECT_EQ(all.at("y")[2].time_ms, 7000);
  EXPECT_TRUE(is_absent(all.at("y")[2].value));
  EXPECT_THAT(server.requests().at(0), HasSubstr("GET "
                                                 "/api/v1/"
                                                 "query?query=%7B__name__%3D~%22.%2B%22%2C__name__%21%3D%22%"
                                                 "22%7D%5B10000ms%5D&time=10.000&nocache=1 HTTP"));
}

TEST(RemoteSource, AnAnswerThatIsTooLargeIsAskedForInParts) {
  const LoopbackServer server([](const std::string& request) {
    if (request.find("%5B16000ms%5D") != std::string::npos)
      return LoopbackServer::status(
          "422 Unprocessable",
          R"({"status":"error","errorType":"execution","error":"query processing would load too many samples"})");
    const std::size_t at = request.find("time=") + 5;
    const std::string seconds = request.substr(at, request.find('.', at) - at);
    return matrix(one_series("x", "[" + seconds + ",\"1\"]"));
  });
  RemoteOptions options;
  options.slice = std::chrono::seconds(16);
  options.http.answer_bytes_max = 1000;
  EXPECT_EQ(select_all(ask(server.url(), options), 0, 16'000).at("x").size(), 4u);
}

TEST(RemoteSource, ALongQuestionIsPosted) {
  const LoopbackServer server([](const std::string&) { return matrix(one_series("x", R"([1,"1"])")); });
  const std::string longest(3000, 'a');
  EXPECT_EQ(select_all(ask(server.url()), 0, 1000, {{"a", Matcher::Kind::not_equal, longest}}).size(), 1u);
  EXPECT_THAT(server.requests().at(0), HasSubstr("POST /api/v1/query HTTP"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("application/x-www-form-urlencoded"));
}

TEST(RemoteSource, ARefusalIsToldInThePeersWords) {
  const LoopbackServer server([](const std::string&) {
    return LoopbackServer::status("400 Bad Request",
                                  R"({"status":"error","errorType":"bad_data","error":"parse error: x"})");
  });
  const Error error = failure_of(ask(server.url()));
  EXPECT_EQ(error.text(), server.url() + "/api/v1/query: the answer is 400: bad_data: parse error: x");
}

TEST(RemoteSource, WhatFailsIsSaidWithItsCause) {
  std::string say;
  std::mutex saying;  // a socket between two threads is no order that TSan knows
  const LoopbackServer server([&](const std::string&) {
    const std::scoped_lock lock(saying);
    return say;
  });
  RemoteOptions options;
  options.http.timeout = std::chrono::milliseconds(100);
  options.http.answer_bytes_max = 400;
  options.http.credentials.bearer_token = "secret";
  const RemoteSource source = ask(server.url(), options);
  const std::string repeated = one_series("x", R"([1,"1"])") + "," + one_series("x", R"([1,"1"])");
  for (const auto& [answer, what] : std::vector<std::pair<std::string, std::string>>{
           {LoopbackServer::status("500 Oops", "<h1>it\x1b broke"), "the answer is 500: <h1>it\\x1b broke"},
           {LoopbackServer::status("429 Many", ""), "the answer is 429"},
           {LoopbackServer::status("401 No", ""),
            "the answer is 401; it wants a user and password, or a token"},
           {LoopbackServer::status("302 Found", ""), "the answer is 302"},
           {LoopbackServer::ok("<html>"), "is not JSON"},
           {matrix(repeated), "a series twice"},
           {"HANG", "no whole answer within 100 ms"},
           {"", "Empty reply"},
           {LoopbackServer::ok(std::string(401, ' ')), "larger than 400 bytes"}}) {
    {
      const std::scoped_lock lock(saying);
      say = answer;
    }
    const std::string text = failure_of(source).text();
    EXPECT_THAT(text, HasSubstr(what));
    EXPECT_THAT(text, HasSubstr(server.url()));
    EXPECT_THAT(text, testing::Not(HasSubstr("secret")));
  }
}

TEST(RemoteSource, SamplesAreLimited) {
  const LoopbackServer server(
      [](const std::string&) { return matrix(one_series("x", R"([0.1,"1"],[0.2,"1"],[0.3,"1"])")); });
  RemoteOptions options;
  options.samples_max = 2;
  EXPECT_THAT(failure_of(ask(server.url(), options)).text(), HasSubstr("more than 2 samples"));
}

TEST(RemoteSource, ListsSeries) {
  const LoopbackServer server([](const std::string&) {
    return LoopbackServer::ok(
        R"({"status":"success","data":[{"__name__":"y"},{"__name__":"x","a":"b"},{"__name__":"y"}]})");
  });
  std::vector<std::string> keys;
  const auto done =
      ask(server.url()).select_series({{}, 1000, 2000}, [&](const metric::SeriesKey& key) -> Result<void> {
        keys.push_back(key.text());
        return {};
      });
  ASSERT_TRUE(done) << done.error().text();
  EXPECT_THAT(keys, ElementsAre("x{a=\"b\"}", "y"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("&start=1.001&end=2.000 "));
}

TEST(RemoteSource, AWrongQuestionIsNotAsked) {
  const LoopbackServer server([](const std::string&) { return matrix(""); });
  const RemoteSource source = ask(server.url());
  EXPECT_THAT(failure_of(source, {{{"a", Matcher::Kind::regex, "("}}, 0, 1}).text(),
              HasSubstr("not a regular expression"));
  EXPECT_TRUE(select_all(source, 5, 5).empty());
  EXPECT_TRUE(server.requests().empty());
  RemoteOptions options;
  options.url = "file:///etc/passwd";
  EXPECT_FALSE(RemoteSource::open(options));
}

}  // namespace
}  // namespace ullage::history
