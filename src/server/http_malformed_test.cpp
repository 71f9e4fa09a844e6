// SPDX-License-Identifier: Apache-2.0
// What nobody should send, over a real socket: each is refused with a status, nothing that follows it is
// taken for a request, and the connection ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/event_loop.h"
#include "server/http_message.h"
#include "server/http_responder.h"
#include "server/http_router.h"
#include "server/server_fixture.h"

namespace ullage::server {
namespace {

using testing::HasSubstr;
using testing::Not;

void fill(Router& router, EventLoop&) {
  router.add("GET, POST", "/a", [](const Request&, const Responder& respond) { respond({.body = "{}"}); });
  router.add("GET", "/hidden", [](const Request&, const Responder& respond) { respond({.body = "hidden"}); });
}

TEST(Malformed, IsRefusedAndWhatFollowsIsNoRequest) {
  RunningServer running(fill, {.limits = {.request = {.header_bytes_max = 4096, .body_bytes_max = 10'000}}});
  const std::string follows = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const struct {
    std::string bytes;
    int status;
  } cases[] = {
      {"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\nTransfer-Encoding: "
       "chunked\r\n\r\n0\r\n\r\n",
       400},
      {"POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: "
       "6\r\n\r\n0\r\n\r\n",
       400},
      {"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 42\r\n\r\n", 400},
      {"POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: identity\r\n\r\n", 501},
      {"POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nXX\r\n", 400},
      {"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10001\r\n\r\n", 413},
      {"GET /a HTTP/1.1\r\nHost: localhost\r\nHost: evil.org\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\nHost : localhost\r\n\r\n", 400},
      {"GET /a HTTP/1.1\r\n\r\n", 400},
      {"GET /a HTTP/1.1\nHost: localhost\n\n", 505},
      {"GET /a HTTP/3.0\r\nHost: localhost\r\n\r\n", 505},
      {"GET  /a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET /../a HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET /%2e%2e/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET /a%2f..%2fhidden HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET /a%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET /a?%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"GET hidden HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
      {"TRACE /a HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
      {"GET /a HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(5000, 'x') + "\r\n\r\n", 431},
      {"GET /" + std::string(5000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n", 431},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"\x16\x03\x01\x02\x01\x01\x01\x01\x01\r\n\r\n", 400},
      {"\r\n\r\n\r\n\r\n", 400},
  };
  for (const auto& [bytes, status] : cases) {
    RawClient client = running.client();
    client.send(bytes + follows);
    const auto answer = client.read();
    EXPECT_EQ(answer.status, status) << bytes;
    EXPECT_EQ(answer.header("Connection"), "close") << bytes;
    EXPECT_THAT(answer.body, HasSubstr("\"status\":\"error\"")) << bytes;
    EXPECT_THAT(client.read_until("hidden"), Not(HasSubstr("hidden"))) << bytes;
  }
  RawClient good = running.client();
  good.get("/a");
  EXPECT_EQ(good.read().status, 200);
}

TEST(Malformed, NoiseNeverHangsOrKillsTheServer) {
  RunningServer running(fill);
  std::mt19937 random(7);  // NOLINT(bugprone-random-generator-seed): the same noise each time
  const std::string good =
      "POST /a?x=1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  for (int round = 0; round < 300; ++round) {
    std::string bytes = good + good;
    for (int change = 0; change < 3; ++change) bytes[random() % bytes.size()] = static_cast<char>(random());
    RawClient client = running.client();
    client.send(bytes);
    client.finish_sending();
    while (client.read().status != 0) {
    }
  }
  RawClient client = running.client();
  client.get("/a");
  EXPECT_EQ(client.read().status, 200);
}

}  // namespace
}  // namespace ullage::server
