// SPDX-License-Identifier: Apache-2.0
#include "server/http_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "server/http_message.h"

namespace ullage::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Target, APathIsItsDecodedSegments) {
  EXPECT_THAT(parse_target("/api/v1/label/a%20b%C3%A4/values")->path,
              ElementsAre("api", "v1", "label", "a bä", "values"));
  EXPECT_THAT(parse_target("/")->path, IsEmpty());
  EXPECT_THAT(parse_target("/a/")->path, ElementsAre("a", ""));
  EXPECT_THAT(parse_target("//a")->path, ElementsAre("", "a"));
  EXPECT_THAT(parse_target("/a+b")->path, ElementsAre("a+b"));
}

TEST(Target, AQueryStringIsParametersInOrder) {
  EXPECT_THAT(parse_target("/q?query=1%2B1+%26&match[]=a&match[]=b&empty=&bare&&")->query.pairs(),
              ElementsAre(Pair("query", "1+1 &"), Pair("match[]", "a"), Pair("match[]", "b"),
                          Pair("empty", ""), Pair("bare", "")));
}

TEST(Target, TheAbsoluteFormNamesItsHost) {
  const auto target = parse_target("http://localhost:9850/a?b=c");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->authority, "localhost:9850");
  EXPECT_THAT(target->path, ElementsAre("a"));
  EXPECT_EQ(target->query.value("b"), "c");
}

TEST(Target, WhatCouldMeanTwoThingsIsRefused) {
  for (const std::string text : {"",
                                 "*",
                                 "a",
                                 "/../etc/passwd",
                                 "/a/..",
                                 "/a/./b",
                                 "/%2e%2e/a",
                                 "/.%2E/a",
                                 "/a%2fb",
                                 "/a%5Cb",
                                 "/a%00b",
                                 "/a%0ab",
                                 "/a b",
                                 "/a#b",
                                 "/a%",
                                 "/a%2",
                                 "/a%zz",
                                 "/\xC3\xA4",
                                 "/q?a=%",
                                 "/q?a=%G0",
                                 "/q?a=b;c=d",
                                 "http://",
                                 "http://host",
                                 "http://host?a",
                                 "http://user@host/",
                                 "ftp://host/",
                                 "/a\x7f"})
    EXPECT_FALSE(parse_target(text)) << text;
}

TEST(Target, ParametersAreBounded) {
  std::string form;
  for (std::size_t i = 0; i < kParametersMax; ++i) form += "a=b&";
  EXPECT_TRUE(parse_form(form));
  EXPECT_FALSE(parse_form(form + "a=b"));
}

}  // namespace
}  // namespace ullage::server
