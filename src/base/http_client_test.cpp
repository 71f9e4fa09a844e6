// SPDX-License-Identifier: Apache-2.0
#include "base/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <stop_token>
#include <string>
#include <utility>

#include "base/loopback_server.h"

namespace ullage {
namespace {

using testing::HasSubstr;
using testing::Not;

HttpClient client(HttpOptions options = {}) {
  auto made = HttpClient::create(std::move(options));
  EXPECT_TRUE(made) << made.error().text();
  return std::move(*made);
}

TEST(HttpClient, GetsAnAnswerWithItsHeaders) {
  const LoopbackServer server([](const std::string&) {
    return LoopbackServer::status("429 Slow down", "later", "text/plain", "Retry-After: 7\r\n");
  });
  const auto answer = client().send({.url = server.url() + "/a?b=c", .headers = {{"X-Own", "yes"}}});
  ASSERT_TRUE(answer) << answer.error().text();
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->body, "later");
  EXPECT_EQ(answer->retry_after, "7");
  EXPECT_EQ(answer->content_type, "text/plain");
  EXPECT_THAT(server.requests().at(0), HasSubstr("GET /a?b=c HTTP/1.1"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("X-Own: yes"));
}

TEST(HttpClient, PostsABodyOfAnyBytesOverOneConnection) {
  const LoopbackServer server([](const std::string&) { return LoopbackServer::ok("done"); });
  HttpClient http = client();
  const std::string body("a\0b", 3);
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(http.send({.url = server.url(), .body = body}));
  ASSERT_EQ(server.requests().size(), 2u);
  EXPECT_THAT(server.requests()[1], HasSubstr("POST / HTTP/1.1"));
  EXPECT_TRUE(server.requests()[1].ends_with(body));
}

TEST(HttpClient, SendsCredentialsAndNeverSaysThem) {
  const LoopbackServer server([](const std::string&) { return std::string(); });
  HttpClient basic = client({.credentials = {.user = "me", .password = "secret", .bearer_token = {}}});
  const auto closed = basic.send({.url = server.url() + "/x?key=secret"});
  ASSERT_FALSE(closed);
  EXPECT_THAT(closed.error().text(), Not(HasSubstr("secret")));
  EXPECT_THAT(server.requests().at(0), HasSubstr("Authorization: Basic bWU6c2VjcmV0"));
  HttpClient bearer = client({.credentials = {.user = {}, .password = {}, .bearer_token = "tick"}});
  ASSERT_FALSE(bearer.send({.url = server.url()}));
  EXPECT_THAT(server.requests().back(), HasSubstr("Authorization: Bearer tick"));
  EXPECT_FALSE(HttpClient::create({.credentials = {.user = {}, .password = {}, .bearer_token = "a\nb"}}));
  EXPECT_EQ(url_shown("https://me:EXAMPLE@host:9/p?q#f"), "https://host:9/p");
  EXPECT_EQ(url_shown("host/a@b"), "host/a@b");
}

TEST(HttpClient, ASilentServerIsATimeout) {
  const LoopbackServer server([](const std::string&) { return std::string("HANG"); });
  HttpClient http = client({.credentials = {}, .timeout = std::chrono::milliseconds(50)});
  const auto answer = http.send({.url = server.url()});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().system_error, kHttpTimedOut);
  EXPECT_THAT(answer.error().text(), HasSubstr("no whole answer within 50 ms"));
}

TEST(HttpClient, AnAnswerPastTheLimitIsNotRead) {
  const LoopbackServer server([](const std::string&) { return LoopbackServer::ok(std::string(5000, 'x')); });
  HttpClient http = client({.credentials = {}, .answer_bytes_max = 4999});
  const auto answer = http.send({.url = server.url()});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().system_error, kHttpTooLarge);
  EXPECT_TRUE(client({.credentials = {}, .answer_bytes_max = 5000}).send({.url = server.url()}));
}

// libcurl by itself looks once a second only: a daemon that ends would wait for that. Of ten calls the
// quickest, for a machine that is busy may hold up some.
TEST(HttpClient, AnotherThreadMayCancelACallWhichEndsAtOnce) {
  using Steady = std::chrono::steady_clock;
  auto quickest = Steady::duration::max();
  for (int i = 0; i < 10 && quickest > std::chrono::milliseconds(500); ++i) {
    std::stop_source stop;
    Steady::time_point stopped;
    const LoopbackServer server([&](const std::string&) {  // the call waits by then
      stopped = Steady::now();
      stop.request_stop();
      return std::string("HANG");
    });
    HttpClient http = client({.credentials = {}, .timeout = std::chrono::seconds(20)});
    const auto answer = http.send({.url = server.url()}, stop.get_token());
    ASSERT_FALSE(answer);
    ASSERT_EQ(answer.error().system_error, kHttpCancelled);
    quickest = std::min(quickest, Steady::now() - stopped);
  }
  EXPECT_LE(quickest, std::chrono::milliseconds(500));
}

TEST(HttpClient, WhatIsNoServerIsAnError) {
  std::string url;
  {
    const LoopbackServer gone([](const std::string&) { return std::string(); });
    url = gone.url();
  }
  EXPECT_FALSE(client().send({.url = url}));
  EXPECT_FALSE(client().send({.url = "file:///etc/passwd"}));
  EXPECT_FALSE(client().send({.url = ""}));
  EXPECT_FALSE(client().send({.url = url, .headers = {{"A", "b\r\nC: d"}}}));
  const LoopbackServer babbles([](const std::string&) { return std::string("I am no HTTP\r\n"); });
  EXPECT_FALSE(client().send({.url = babbles.url()}));
}

TEST(HttpClient, ARedirectIsAnAnswerAndIsNotFollowed) {
  const LoopbackServer server([](const std::string&) {
    return LoopbackServer::status("302 Found", "", "text/plain", "Location: http://127.0.0.1:1/\r\n");
  });
  const auto answer = client().send({.url = server.url()});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
}

TEST(HttpClient, EncodesForAnAddress) {
  EXPECT_EQ(url_encoded("a{b=\"ü\"}&+"), "a%7Bb%3D%22%C3%BC%22%7D%26%2B");
}

}  // namespace
}  // namespace ullage
