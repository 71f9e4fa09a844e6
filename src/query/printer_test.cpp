// SPDX-License-Identifier: Apache-2.0
#include "query/printer.h"

#include <gtest/gtest.h>
#include <rapidcheck/Assertions.h>
#include <rapidcheck/gtest.h>

#include <cstddef>
#include <rapidcheck/gen/Numeric.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/function_table.h"
#include "query/parser.h"

namespace ullage::query {
namespace {

std::string formatted(std::string_view query) {
  const FunctionTable table;
  const auto text = format(query, table);
  return text ? *text : text.error().text();
}

TEST(Format, WhatFitsStaysOnOneLine) { EXPECT_EQ(formatted("sum(\n  rate(x[300])\n)"), "sum(rate(x[5m]))"); }

TEST(Format, WhatIsLongIsIndented) {
  EXPECT_EQ(
      formatted(
          R"(sum by (job) (rate(http_requests_total{job="api-server", handler="/api/comments", status=~"5..", zone="a"}[5m]))
      / on(job) group_left sum by (job) (rate(http_requests_total{job="api-server"}[5m])) > 0.05)"),
      R"(    sum by (job) (
      rate(http_requests_total{handler="/api/comments",job="api-server",status=~"5..",zone="a"}[5m])
    )
  / on (job) group_left ()
    sum by (job) (rate(http_requests_total{job="api-server"}[5m]))
>
  0.05)");
  const std::string name(60, 'x');
  EXPECT_EQ(formatted("topk(3, -max_over_time((" + name + " + " + name + ")[1h:5m] offset 1h))"),
            "topk(\n  3,\n  -max_over_time(\n    (\n        " + name + "\n      +\n        " + name +
                "\n    )[1h:5m] offset 1h\n  )\n)");
}

TEST(Format, CommentsStandBeforeTheQuery) {
  EXPECT_EQ(formatted("# errors\nrate(x{a=\"#b\"}[5m]) # a second\n  / 2 #"),
            "# errors\n# a second\n#\nrate(x{a=\"#b\"}[5m]) / 2");
}

TEST(Format, IsStable) {
  const std::string long_sum =
      "sum(" + std::string(80, 'a') + " * on (b) group_left (c) " + std::string(80, 'd') + ")";
  const std::string once = formatted("# c\n" + long_sum);
  EXPECT_EQ(formatted(once), once);
}

// Text of an expression of a type, as odd as the grammar lets it be.
class RandomQuery {
 public:
  std::string vector(int depth) {
    switch (depth <= 0 ? 0 : pick(9)) {
      case 1:
        return one_of({"abs", "sort", "timestamp"}) + "(" + vector(depth - 1) + ")";
      case 2:
        return one_of({"rate", "max_over_time"}) + "(" + range(depth - 1) + ")";
      case 3:
        return one_of({"sum", "COUNT"}) + one_of({"", " by (a)", " without (\"b c\", d)"}) + "(" +
               vector(depth - 1) + ")";
      case 4:
        return one_of({"topk", "quantile"}) + "(" + scalar(depth - 1) + "," + vector(depth - 1) + ") " +
               one_of({"", "by()", "without()"});
      case 5:
        return vector(depth - 1) +
               one_of({" and ", " + on(a) ", "*ignoring(a)group_left(b)", " < bool ", "^", " or "}) +
               vector(depth - 1);
      case 6:
        return scalar(depth - 1) + one_of({" > ", "^", " atan2 ", "%"}) + vector(depth - 1);
      case 7:
        return one_of({"-", "+", "- "}) + vector(depth - 1);
      case 8:
        return "(" + vector(depth - 1) + ")";
      default:
        return selector() + shift();
    }
  }

 private:
  std::string scalar(int depth) {
    switch (depth <= 0 ? 0 : pick(5)) {
      case 1:
        return "scalar(" + vector(depth - 1) + ")";
      case 2:
        return scalar(depth - 1) + one_of({" + ", "-", " == bool ", " ^ "}) + scalar(depth - 1);
      case 3:
        return one_of({"-", "+"}) + scalar(depth - 1);
      case 4:
        return "(" + scalar(depth - 1) + ")";
      default:
        return one_of({"1", "0x1f", "5m", "inf", "NaN", "1e-7", "123456789.125", "1e30", "time()", "step()"});
    }
  }
  std::string range(int depth) {
    if (depth <= 0 || pick(2) == 0) return selector() + one_of({"[5m]", "[90]", "[1w2d]"}) + shift();
    return "(" + vector(depth - 1) + ")" + one_of({"[1h:]", "[1h:30]"}) + shift();
  }
  std::string selector() {
    return one_of(
        {"x", "a:b", "sum", "{\"q.r\"}", "{b=\"1\",a!~'2|\\n'}", "offset{\"x y\"=\"`\"}", "y{a=\"\\xff\"}"});
  }
  std::string shift() {
    return one_of(
        {"", "", " offset 5m", " @ 1.2345 offset -1ms", " offset 7 @ end()", " @ -0.001", " @ start()"});
  }

  static int pick(int count) { return *rc::gen::inRange(0, count); }
  static std::string one_of(std::vector<std::string> choices) {
    return choices[static_cast<std::size_t>(pick(static_cast<int>(choices.size())))];
  }
};

RC_GTEST_PROP(Print, AnyQueryParsesToTheSameTreeAgain, ()) {
  const FunctionTable table;
  const std::string query = RandomQuery().vector(6);
  const auto tree = parse(query, table);
  RC_PRE(tree.has_value());  // where operators took other operands than was thought
  const auto again = parse(print(**tree), table);
  RC_ASSERT(again.has_value());
  RC_ASSERT(is_same(**tree, **again));
  RC_ASSERT(print(**again) == print(**tree));
  const auto split = parse(*format(query, table), table);
  RC_ASSERT(split.has_value());
  RC_ASSERT(is_same(**tree, **split));
}

TEST(Print, TreesAsDeepAsTheyMayBe) {
  const FunctionTable table;
  for (const auto& [head, tail] : {std::pair("(", ")"), std::pair("sum(", ")"), std::pair("", " + x")}) {
    std::string query = "x";
    for (int i = 0; i < 490; ++i) query = head + query + tail;
    const auto tree = parse(query, table);
    ASSERT_TRUE(tree) << tree.error().text();
    EXPECT_EQ(print(**tree), query);
    const auto split = parse(formatted(query), table);
    ASSERT_TRUE(split) << split.error().text();
    EXPECT_TRUE(is_same(**tree, **split));
  }
}

TEST(IsSame, SeesEveryDifference) {
  const FunctionTable table;
  const std::vector<std::string> queries = {"x",
                                            "y",
                                            "x{a=\"1\"}",
                                            "x{a=~\"1\"}",
                                            "x offset 1m",
                                            "x @ 1",
                                            "x @ end()",
                                            "x[5m]",
                                            "x[6m]",
                                            "x[5m:]",
                                            "x[5m:1m]",
                                            "1",
                                            "60",
                                            "1m",
                                            "\"a\"",
                                            "sum(x)",
                                            "sum by (a) (x)",
                                            "sum without (a) (x)",
                                            "topk(1, x)",
                                            "topk(2, x)",
                                            "-x",
                                            "+x",
                                            "(x)",
                                            "x + y",
                                            "x - y",
                                            "x + on (a) y",
                                            "x + ignoring (a) y",
                                            "x > y",
                                            "x > bool y",
                                            "x + on (a) group_left () y",
                                            "x + on (a) group_left (b) y",
                                            "abs(x)",
                                            "ceil(x)",
                                            "abs(y)"};
  for (const std::string& a : queries)
    for (const std::string& b : queries)
      EXPECT_EQ(is_same(**parse(a, table), **parse(b, table)), a == b) << a << " " << b;
  EXPECT_TRUE(is_same(**parse("x{a=\"1\",b=\"2\"}", table), **parse("x {b='2', a='1'}", table)));
}

}  // namespace
}  // namespace ullage::query
