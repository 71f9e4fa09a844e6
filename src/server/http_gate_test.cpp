// SPDX-License-Identifier: Apache-2.0
#include "server/http_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "base/file.h"
#include "history/open_for_reading.h"
#include "server/http_message.h"
#include "server/http_router.h"

namespace ullage::server {
namespace {

using testing::HasSubstr;

Request asked(std::initializer_list<std::pair<std::string, std::string>> headers) {
  Request request{.method = "GET"};
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  return request;
}

int status(const Gate& gate, const Request& request, Access access = Access::with_token) {
  const auto refused = gate.refusal(request, access);
  return refused ? refused->status : 200;
}

TEST(Gate, KnowsLoopbackItsAddressesAndItsNames) {
  const Gate gate({"127.0.0.1", "10.1.2.3"}, {"Box.example.org"}, "");
  for (const std::string host :
       {"localhost:9850", "127.0.0.1", "[::1]:9850", "10.1.2.3:80", "box.example.org", "localhost."})
    EXPECT_EQ(status(gate, asked({{"host", host}})), 200) << host;
  for (const std::string host : {"evil.org", "evil.org:9850", "10.1.2.4", "localhost.evil.org", "",
                                 "127.0.0.1.evil.org", "box.example.org.evil.org", "[::1]evil"})
    EXPECT_EQ(status(gate, asked({{"host", host}})), 403) << host;
}

TEST(Gate, AnyLiteralAddressIsOursWhereAllAreListenedOn) {
  const Gate gate({"0.0.0.0"}, {}, "");
  EXPECT_EQ(status(gate, asked({{"host", "192.168.1.7:9850"}})), 200);
  EXPECT_EQ(status(gate, asked({{"host", "evil.org"}})), 403);
}

TEST(Gate, ThePageThatAsksMustBeOurs) {
  const Gate gate({"127.0.0.1"}, {"Box.example.org", "box.example.org:8443"}, "");
  const auto from = [&](const std::string& origin) {
    return status(gate, asked({{"host", "localhost:9850"}, {"origin", origin}}));
  };
  EXPECT_EQ(from("http://localhost:9850"), 200);
  EXPECT_EQ(from("https://box.example.org"), 200);
  EXPECT_EQ(from("https://box.example.org:8443"), 200);
  for (const std::string origin :
       {"http://evil.org", "null", "http://localhost:3000", "", "http://", "localhost:9850",
        "http://127.0.0.1:3000", "http://127.0.0.1", "http://127.0.0.1:9850", "https://box.example.org:3000"})
    EXPECT_EQ(from(origin), 403) << origin;
  EXPECT_EQ(
      status(gate,
             asked({{"host", "localhost"}, {"sec-fetch-site", "cross-site"}, {"sec-fetch-mode", "no-cors"}})),
      403);
  EXPECT_EQ(
      status(
          gate,
          asked({{"host", "localhost"}, {"sec-fetch-site", "cross-site"}, {"sec-fetch-mode", "navigate"}})),
      200);
  EXPECT_EQ(
      status(gate,
             asked({{"host", "localhost"}, {"sec-fetch-site", "same-origin"}, {"sec-fetch-mode", "cors"}})),
      200);
}

TEST(Gate, ATokenIsAskedOverTcpButOfOpenRoutes) {
  const Gate gate({"127.0.0.1"}, {}, "0123456789abcdef");
  const auto with = [&](const std::string& authorization) {
    return status(gate, asked({{"host", "localhost"}, {"authorization", authorization}}));
  };
  EXPECT_EQ(with("Bearer 0123456789abcdef"), 200);
  EXPECT_EQ(with("bearer  0123456789abcdef"), 200);
  for (const std::string wrong :
       {"", "Bearer", "Bearer ", "Bearer 0123456789abcdeX", "Bearer 0123456789abcde",
        "Bearer 0123456789abcdef0", "Basic 0123456789abcdef", "0123456789abcdef"})
    EXPECT_EQ(with(wrong), 401) << wrong;
  EXPECT_EQ(status(gate, asked({{"host", "localhost"}})), 401);
  EXPECT_EQ(status(gate, asked({{"host", "localhost"}}), Access::open), 200);
  EXPECT_EQ(status(gate, asked({{"host", "evil.org"}, {"authorization", "Bearer 0123456789abcdef"}})), 403);
  Request local = asked({{"host", "anything"}});
  local.peer.is_unix = true;
  EXPECT_EQ(status(gate, local), 200);
}

TEST(Gate, ATokenIsReadFromAFileThatOthersCannot) {
  auto folder = history::ScratchFolder::make();
  ASSERT_TRUE(folder);
  const std::string path = folder->path() + "/token";
  EXPECT_FALSE(read_token(path));
  ASSERT_TRUE(replace_file(path, "  a-long-enough-token \nsecond line\n"));
  EXPECT_EQ(read_token(path).value_or(""), "a-long-enough-token");
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_THAT(read_token(path).error().text(), HasSubstr("everybody may read"));
  ASSERT_TRUE(replace_file(path, "short\n"));
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_THAT(read_token(path).error().text(), HasSubstr("at least 16"));
}

}  // namespace
}  // namespace ullage::server
