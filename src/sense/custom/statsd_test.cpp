// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/statsd.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ullage::sense {
namespace {

std::string read(std::string_view text) {
  const auto line = parse_statsd(text);
  if (!line) return line.error().where + ": " + line.error().what;
  std::string all = line->key.text();
  constexpr std::string_view kKinds[] = {"counter", "gauge", "change", "timing", "set"};
  for (const StatsdSample& sample : line->samples) {
    all += fmt::format(" {}({}{})", kKinds[static_cast<int>(sample.kind)],
                       sample.member.empty() ? fmt::format("{}", sample.value) : sample.member,
                       sample.weight == 1 ? "" : fmt::format("*{}", sample.weight));
  }
  return all;
}

TEST(Statsd, HasFiveKinds) {
  EXPECT_EQ(read("requests:1|c"), "requests counter(1)");
  EXPECT_EQ(read("requests:3|c|@0.1"), "requests counter(3*10)");
  EXPECT_EQ(read("depth:333|g"), "depth gauge(333)");
  EXPECT_EQ(read("depth:-10|g"), "depth change(-10)");
  EXPECT_EQ(read("depth:+4|g\r"), "depth change(4)");
  EXPECT_EQ(read("glork:320|ms|@0.5"), "glork timing(0.32*2)");
  EXPECT_EQ(read("size:12.5|h"), "size timing(12.5)");
  EXPECT_EQ(read("users:alice:x|s"), "users set(alice:x)");
}

TEST(Statsd, TagsAreLabelsAndNamesBecomeLegal) {
  EXPECT_EQ(read("web.req-time:1:2:3|d|#host:a,path:/x:y,beta|c:abc|T1656581400"),
            R"(web_req_time{beta="true",host="a",path="/x:y"} timing(1) timing(2) timing(3))");
  EXPECT_EQ(read("5xx:1|c|#my.tag:1,my-tag:2"), R"(_5xx{my_tag="1"} counter(1))");
  EXPECT_EQ(read("_e{5,4}:title|text"), "");
  EXPECT_EQ(read("_sc|name|0"), "");
}

TEST(Statsd, AnErrorSaysWhere) {
  EXPECT_EQ(read(""), "column 1: a name and ':' are expected");
  EXPECT_EQ(read(":1|c"), "column 1: a name and ':' are expected");
  EXPECT_EQ(read("a:1"), "column 4: '|' and a type are expected");
  EXPECT_EQ(read("a:x|c"), "column 3: 'x' is no number");
  EXPECT_EQ(read("a:nan|g"), "column 3: 'nan' is no number");
  EXPECT_EQ(read("a:1|q"), "column 5: 'q' is no type");
  EXPECT_EQ(read("a:-1|c"), "column 3: a counter that goes down");
  EXPECT_EQ(read("a:1|c|@0"), "column 7: '@0' is no rate, which is over 0 and at most 1");
  EXPECT_EQ(read("a:1|c|x"), "column 7: 'x' is neither @rate nor #tags");
  EXPECT_EQ(read("a:1|c|#__name__:b"), "column 8: '__name__:b' begins with __");
}

}  // namespace
}  // namespace ullage::sense
