// SPDX-License-Identifier: Apache-2.0
#include "server/http_address.h"

#include <gtest/gtest.h>

#include <string>

namespace ullage::server {
namespace {

TEST(Address, IsALiteralAddressAndAPort) {
  EXPECT_EQ(parse_address("127.0.0.1:9850")->text(), "127.0.0.1:9850");
  EXPECT_EQ(parse_address("localhost:1")->text(), "127.0.0.1:1");
  EXPECT_EQ(parse_address("[::1]:0")->text(), "[::1]:0");
  for (const std::string text : {"", "9850", ":9850", "127.0.0.1", "127.0.0.1:65536", "example.org:80",
                                 "::1:80", "[::1]", "[::1", "[::1]80", "127.0.0.1:x", "127.1:80"})
    EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Address, KnowsWhoCanReachIt) {
  for (const std::string host :
       {"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "localhost", "app.localhost"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const std::string host :
       {"0.0.0.0", "::", "10.0.0.1", "::ffff:10.0.0.1", "localhost.evil.org", "128.0.0.1"})
    EXPECT_FALSE(is_loopback(host)) << host;
  EXPECT_TRUE(is_any("0.0.0.0"));
  EXPECT_TRUE(is_any("::"));
  EXPECT_FALSE(is_any("127.0.0.1"));
}

TEST(Address, AHostIsReadOutOfAnAuthority) {
  EXPECT_EQ(host_of("LocalHost:9850"), "localhost");
  EXPECT_EQ(host_of("localhost."), "localhost");
  EXPECT_EQ(host_of("[::1]:9850"), "::1");
  EXPECT_EQ(host_of("host:80:90"), "");
  EXPECT_EQ(host_of("host:port"), "");
  EXPECT_EQ(host_of("[::1"), "");
}

}  // namespace
}  // namespace ullage::server
