// SPDX-License-Identifier: Apache-2.0
// What is said of queries that are wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "query/function_table.h"
#include "query/parser.h"
#include "query/printer.h"

namespace ullage::query {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const FunctionTable& table() {
  static const FunctionTable functions;
  return functions;
}

std::string refusal(std::string_view query) {
  const auto tree = parse(query, table());
  return tree ? "parsed: " + print(**tree) : tree.error().text();
}

struct Case {
  std::string_view query;
  std::string_view wanted;
};

TEST(Parser, AnErrorShowsThePlace) {
  EXPECT_EQ(refusal("sum(\n  rate(foo[5m]),\n  rat(b[5m]))"),
            "3:3: there is no function 'rat'; did you mean 'rate'?\n"
            "    rat(b[5m]))\n"
            "    ^^^");
  EXPECT_EQ(refusal("{\"größe\"} adn b"),
            "1:11: unexpected 'adn'; expected an operator or the end of the query; did you mean 'and'?\n"
            "  {\"größe\"} adn b\n"
            "            ^^^");
  EXPECT_EQ(refusal("foo +"),
            "1:6: the query ends too early; expected a metric, a number, a function or '('\n"
            "  foo +\n"
            "       ^");
  EXPECT_EQ(refusal(" # nothing"),
            "1:11: an empty query; expected a metric, a number, a function or '('\n"
            "   # nothing\n"
            "            ^");
  EXPECT_THAT(refusal(std::string(300, 'a') + " $ " + std::string(300, 'b')),
              HasSubstr("\n  …" + std::string(59, 'a') + " $ " + std::string(47, 'b') + "…\n" +
                        std::string(63, ' ') + "^"));
}

TEST(Parser, SaysWhatIsWrong) {
  const std::vector<Case> cases = {
      {"", "1:1: an empty query"},
      {"foo bar", "1:5: unexpected 'bar'; expected an operator"},
      {"a b", "1:3: unexpected 'b'"},
      {"(a", "1:1: '(' is never closed; expected an operator or ')'"},
      {"a)", "1:2: unexpected ')'"},
      {"sum(a", "1:4: '(' is never closed"},
      {"x{a=\"b\"", "1:2: '{' is never closed"},
      {"x[5m", "1:2: '[' is never closed"},
      {"x{a}", "1:4: unexpected '}'; expected one of = != =~ !~"},
      {"x{a=b}", "1:5: unexpected 'b'; expected a quoted value"},
      {"x{a==\"b\"}", "1:5: unexpected '='; expected a quoted value"},
      {"x{,}", "1:3: unexpected ','; expected a label or '}'"},
      {"x{a=\"b\" c=\"d\"}", "1:9: unexpected 'c'; expected ',' or '}'"},
      {"x{{", "1:3: unexpected character '{' in a selector"},
      {"{}", "1:1: a selector that would match every series"},
      {"{a=\"\"}", "1:1: a selector that would match every series"},
      {"{a=~\".*\", b!=\"c\"}", "1:1: a selector that would match every series"},
      {"{a!~\".+\"}", "1:1: a selector that would match every series"},
      {"foo{__name__=\"bar\"}", "1:1: the metric's name is given twice: 'foo' and 'bar'"},
      {"foo{\"bar\"}", "1:1: the metric's name is given twice: 'foo' and 'bar'"},
      {"x{a=~\"(\"}", "1:3: not a regular expression: missing ): ("},
      {"x{a=~\"a)(b\"}", "1:3: not a regular expression: unexpected ): a)(b"},
      {"a ! b", "1:3: unexpected character '!'"},
      {"a =~ b", "1:3: unexpected '=~'"},
      {"a = b", "1:3: unexpected '='"},
      {"\"abc", "1:1: a string that does not end"},
      {"\"abc\n\"", "1:1: a string that does not end"},
      {"'\\\"'", "1:1: unknown escape in a string: \\\""},
      {"\"\\ud800\"", "1:1: unknown escape in a string: \\u"},
      {"\"\\400\"", "1:1: unknown escape in a string: \\4"},
      {"\"a\xff\"", "1:3: a string must be UTF-8"},
      {"1e", "1:1: '1e' is neither a number nor a duration"},
      {"1__0", "1:1: '1__0' is neither"},
      {"1_", "1:1: '1_' is neither"},
      {"0x", "1:1: '0x' is neither"},
      {"0x1.5", "1:1: '0x1.5' is neither"},
      {"1.5m", "1:1: '1.5m' is neither"},
      {"5m1h", "1:1: '5m1h' is neither"},
      {"5m5m", "1:1: '5m5m' is neither"},
      {"x[5]m", "1:5: unexpected 'm'"},
      {"1e999", "1:1: a number out of range"},
      {"0xFFFFFFFFFFFFFFFF", "1:1: a number out of range"},
      {"300y", "1:1: a duration out of range"},
      {"x[1e10]", "1:3: a duration out of range"},
      {"x offset Inf", "1:10: a duration out of range"},
      {"x offset NaN", "1:10: a duration out of range"},
      {"x[0]", "1:3: a range or step must be at least a millisecond"},
      {"x[-5m]", "1:3: a range or step must be at least a millisecond"},
      {"x[5m:0s]", "1:6: a range or step must be at least a millisecond"},
      {"x[]", "1:3: unexpected ']'; expected a duration"},
      {"x[5m 3]", "1:6: unexpected '3'; expected ':' or ']'"},
      {"x[5m:1m:1m]", "1:8: unexpected ':'; expected ']'"},
      {"1[5m]", "1:2: only a selector may have a range"},
      {"sum(x)[5m]", "1:7: only a selector may have a range; a subquery over"},
      {"x offset 1m [5m]", "1:13: offset must stand behind the range"},
      {"x @ 1 [5m]", "1:7: @ must stand behind the range"},
      {"1[5m:1m]", "1:1: a subquery of a scalar; it must be of an instant vector"},
      {"x[5m][5m:1m]", "1:1: a subquery of a range vector"},
      {"x offset 1m offset 2m", "1:13: a second offset"},
      {"x @ 1 offset 2m @ 3", "1:17: a second @"},
      {"x offset", "1:9: the query ends too early; expected a duration"},
      {"sum(x) offset 5m", "1:8: offset must stand behind a selector"},
      {"(x) @ 5", "1:5: @ must stand behind a selector"},
      {"x @ Inf", "1:5: a time out of bounds"},
      {"x @ start", "1:10: the query ends too early; expected '()'"},
      {"x @ foo", "1:5: unexpected 'foo'; expected a Unix time"},
      {"rat(x[5m])", "1:1: there is no function 'rat'; did you mean 'rate'?"},
      {"summ(x)", "1:1: there is no function 'summ'; did you mean 'sum'?"},
      {"RATE(x[5m])", "1:1: there is no function 'RATE'"},
      {"holt_winters(x[5m], 1, 1)",
       "1:1: there is no function 'holt_winters'; Prometheus 3 calls it double_exp"},
      {"a:b(x)", "1:1: there is no function 'a:b'"},
      {"rate(x)", "1:6: rate() takes a range vector here, not an instant vector; a range reads as x[5m]"},
      {"rate(x offset 1h)",
       "1:6: rate() takes a range vector here, not an instant vector; a range reads as x[5m] offset 1h"},
      {"rate(sum(x))",
       "1:6: rate() takes a range vector here, not an instant vector; a range over an expression"},
      {"abs(1)", "1:5: abs() takes an instant vector here, not a scalar"},
      {"label_join(x, 1, \",\")", "1:15: label_join() takes a string here, not a scalar"},
      {"label_join(x, \"a\", \",\", 1)", "1:25: label_join() takes a string here, not a scalar"},
      {"time(1)", "1:1: time() takes 0 arguments, not 1"},
      {"round()", "1:1: round() takes at least 1 argument, not 0"},
      {"round(x, 1, 2)", "1:1: round() takes at most 2 arguments, not 3"},
      {"histogram_quantiles(x, \"q\")", "1:1: histogram_quantiles() takes at least 3 arguments, not 2"},
      {"abs(x,)", "1:7: unexpected ')'"},
      {"sum()", "1:1: sum() takes 1 argument, not 0"},
      {"sum(a, b)", "1:1: sum() takes 1 argument, not 2"},
      {"topk(x)", "1:1: topk() takes 2 arguments, not 1"},
      {"topk(a, b)", "1:6: topk() takes a scalar here, not an instant vector"},
      {"count_values(1, b)", "1:14: count_values() takes a string here, not a scalar"},
      {"sum(1)", "1:5: sum() takes an instant vector here, not a scalar"},
      {"sum(x[5m])", "1:5: sum() takes an instant vector here, not a range vector"},
      {"sum by a (x)", "1:8: unexpected 'a'; expected '(' and labels"},
      {"sum by (a b) (x)", "1:11: unexpected 'b'; expected ',' or ')'"},
      {"sum by (without) (x)", "1:9: unexpected 'without'; expected a label"},
      {"sum by (\"\") (x)", "1:9: a label needs a name"},
      {"sum by (\"\\xff\") (x)", "1:9: a label's name must be UTF-8"},
      {"sum by (1) (x)", "1:9: unexpected '1'; expected a label"},
      {"sum by (a) (x) by (b)", "1:16: unexpected 'by'"},
      {"-\"a\"", "1:2: a sign before a string"},
      {"-x[5m]", "1:2: a sign before a range vector"},
      {"1 + \"a\"", "1:5: + cannot work on a string"},
      {"x[5m] + 1", "1:1: + cannot work on a range vector"},
      {"1 > 2", "1:3: a comparison of two scalars needs bool; > bool"},
      {"a + bool b", "1:3: bool behind +"},
      {"a and bool b", "1:3: bool behind and"},
      {"a and 1", "1:3: and needs an instant vector on both sides"},
      {"1 + on(x) a", "1:3: labels are matched between two instant vectors only"},
      {"a or on(x) group_left(y) b", "1:3: or cannot have a group"},
      {"a + group_left b", "1:5: unexpected 'group_left'; expected on(…) or ignoring(…) before it"},
      {"a + on(x) group_left(x) b", "1:3: the label 'x' is in on() and in the group's labels"},
      {"a + on(x) bool b", "1:11: unexpected 'bool'"},
      {"a * on b", "1:8: unexpected 'b'; expected '(' and labels"},
      {"on + 1", "1:1: unexpected 'on'; expected a metric"},
      {"*", "1:1: unexpected '*'; expected a metric"},
  };
  for (const Case& c : cases) EXPECT_THAT(refusal(c.query), StartsWith(std::string(c.wanted))) << c.query;
}

TEST(Parser, NamesWhatPrometheusHasAndUllageHasNot) {
  const std::vector<Case> cases = {
      {"histogram_avg(x)", "native histograms (histogram_avg())"},
      {"histogram_count(x)", "native histograms (histogram_count())"},
      {"histogram_stddev(x)", "native histograms (histogram_stddev())"},
      {"x </ 5", "native histograms (trim operators)"},
      {"x >/ 5", "native histograms (trim operators)"},
      {"info(x)", "the experimental function info()"},
      {"integral(x[5m])", "the experimental function integral()"},
      {"x[5m + 1m]", "duration expressions"},
      {"x[(5m)]", "duration expressions"},
      {"x[step()]", "duration expressions"},
      {"x[5m:max_of(step(), 1m)]", "duration expressions"},
      {"x offset -step()", "duration expressions"},
      {"x offset (5m)", "duration expressions"},
      {"x[min(step(), 5m)]", "duration expressions"},
      {"x offset -MAX(1m, 5s)", "duration expressions"},
      {"x smoothed", "the experimental modifier smoothed"},
      {"rate(x[5m] anchored)", "the experimental modifier anchored"},
      {"größe", "unquoted UTF-8 names"},
      {"{größe=\"1\"}", "unquoted UTF-8 names"},
      {"my.metric", "unquoted UTF-8 names"},
      {"a + fill(1) b", "the experimental modifier fill()"},
      {"a + on(x) fill_left (1) b", "the experimental modifier fill_left()"},
  };
  for (const Case& c : cases) {
    const auto tree = parse(c.query, table());
    ASSERT_FALSE(tree) << c.query;
    EXPECT_THAT(tree.error().what, StartsWith(std::string(kUnsupported) + std::string(c.wanted))) << c.query;
  }
}

std::string repeated(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

TEST(Parser, DepthHasALimit) {
  EXPECT_TRUE(parse(repeated("(", 400) + "x" + repeated(")", 400), table()));
  EXPECT_TRUE(parse("x" + repeated(" + x", 400), table()));
  for (const std::string& query :
       {repeated("(", 100000), repeated("-", 100000) + "x", "x" + repeated(" + x", 100000),
        "x" + repeated(" ^ x", 100000), repeated("sum(", 100000),
        repeated("(", 300) + "x" + repeated(" + x)", 300) + repeated(" + x", 300)})
    EXPECT_THAT(refusal(query), HasSubstr("nested deeper than 500")) << query.substr(0, 20);
}

TEST(Parser, EveryPrefixOfAQueryIsRefusedOrParsed) {
  constexpr std::string_view kQuery =
      R"(topk by (a, "b") (3, rate(x{c=~"d|e", "f"!='\x41'}[5m:1m] @ end() offset -1h)) ^ -1e3 > bool on() y # z)";
  EXPECT_TRUE(parse(kQuery, table()));
  for (std::size_t i = 0; i < kQuery.size(); ++i) {
    const auto tree = parse(kQuery.substr(0, i), table());
    if (tree) continue;
    EXPECT_THAT(tree.error().where, StartsWith("1:"));
  }
}

}  // namespace
}  // namespace ullage::query
