// SPDX-License-Identifier: Apache-2.0
#include "server/http_packing.h"

#include <gtest/gtest.h>

#include <string>

#include "base/gzip.h"

namespace ullage::server {
namespace {

TEST(Packing, WhatIsPackedUnpacksToTheSame) {
  std::string body;
  for (int i = 0; i < 10'000; ++i)
    body += "node_cpu_seconds_total{mode=\"idle\"} " + std::to_string(i) + "\n";
  for (const std::string& text : {std::string(), std::string("a"), body, std::string(1 << 20, '\0')}) {
    const std::string packed = gzip(text);
    EXPECT_EQ(gunzip(packed), text);
  }
  EXPECT_LT(gzip(body).size(), body.size() / 4);
}

TEST(Packing, IsDoneForThoseWhoTakeIt) {
  EXPECT_TRUE(accepts_gzip("gzip"));
  EXPECT_TRUE(accepts_gzip("deflate, gzip;q=0.5, br"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_FALSE(accepts_gzip("identity"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0"));
  EXPECT_FALSE(accepts_gzip("gzip; q=0, *"));
  EXPECT_FALSE(accepts_gzip("gzip2"));
}

TEST(Quality, IsThatOfTheNarrowestName) {
  EXPECT_EQ(quality_of("text/plain;q=0.3, */*;q=0.1", "text/plain"), 0.3);
  EXPECT_EQ(quality_of("text/*;q=0.4", "text/plain"), 0.4);
  EXPECT_EQ(quality_of("application/json", "text/plain"), -1);
}

}  // namespace
}  // namespace ullage::server
