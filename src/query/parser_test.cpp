// SPDX-License-Identifier: Apache-2.0
// What queries mean, seen in how they print.
#include "query/parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "query/ast.h"
#include "query/function_table.h"
#include "query/printer.h"

namespace ullage::query {
namespace {

const FunctionTable& table() {
  static const FunctionTable functions;
  return functions;
}

std::string reprinted(std::string_view query) {
  const auto tree = parse(query, table());
  if (!tree) return tree.error().text();
  const auto again = parse(print(**tree), table());
  if (!again) return "does not parse again: " + again.error().text();
  return is_same(**tree, **again) ? print(**tree) : "parses to another tree: " + print(**again);
}

// With every operator's operands in brackets.
std::string structure(const Expression& expression) {
  if (const auto* binary = std::get_if<Binary>(&expression.node))
    return "[" + structure(*binary->left) + " " +
           print(expression).substr(print(*binary->left).size() + 1, 1) + " " + structure(*binary->right) +
           "]";
  if (const auto* unary = std::get_if<Unary>(&expression.node))
    return (unary->is_minus ? "-[" : "+[") + structure(*unary->inner) + "]";
  return print(expression);
}

struct Case {
  std::string_view query;
  std::string_view wanted;
};

void expect_all(std::string (*get)(std::string_view), const std::vector<Case>& cases) {
  for (const Case& c : cases) EXPECT_EQ(get(c.query), c.wanted) << c.query;
}

TEST(Parser, NumbersAndDurationsAreOneThing) {
  expect_all(reprinted, {{"1_000", "1000"},
                         {"0x1F", "31"},
                         {"0x_ff", "255"},
                         {"017", "15"},
                         {"08", "8"},
                         {".5", "0.5"},
                         {"5.", "5"},
                         {"1e3", "1000"},
                         {"1.5E-3", "0.0015"},
                         {"1e-400", "0"},
                         {"1e23", "100000000000000000000000"},
                         {"-1", "-1"},
                         {"- -1", "1"},
                         {"+1", "1"},
                         {"-0", "-0"},
                         {"inf", "Inf"},
                         {"-iNf", "-Inf"},
                         {"NAN", "NaN"},
                         {"1h30m", "1h30m"},
                         {"90m", "1h30m"},
                         {"90d", "90d"},
                         {"14d", "2w"},
                         {"365d", "1y"},
                         {"1ms", "1ms"},
                         {"-5m", "-5m"},
                         {"x[300]", "x[5m]"},
                         {"x[1e3]", "x[16m40s]"},
                         {"x[0.5]", "x[500ms]"},
                         {"x offset 60", "x offset 1m"},
                         {"vector(5m)", "vector(5m)"}});
  EXPECT_EQ(std::get<NumberLiteral>((*parse("1h30m", table()))->node).value, 5400);
}

TEST(Parser, StringsAreGos) {
  expect_all(reprinted, {{R"('it\'s')", R"("it's")"},
                         {R"("a\tb\\\"\x41\101\u00e9\U0001F600")", "\"a\\tb\\\\\\\"AAé😀\""},
                         {"`raw \\n\nline`", R"("raw \\n\nline")"},
                         {R"("\xff\x00")", R"("\xff\x00")"},
                         {R"("\u202e\u0085")", R"("\u202e\u0085")"},
                         {R"("größe")", R"("größe")"},
                         {R"(x{a="#"})", R"(x{a="#"})"}});
}

TEST(Parser, SelectorsPrintTheirMatchersInOrder) {
  expect_all(reprinted,
             {{"up", "up"},
              {"job:rate:5m", "job:rate:5m"},
              {":a", ":a"},
              {"up{}", "up"},
              {R"(up { job = "b" , a !~ 'x.*', } )", R"(up{a!~"x.*",job="b"})"},
              {R"({__name__=~"a|b"})", R"({__name__=~"a|b"})"},
              {R"({"my.metric"})", R"({__name__="my.metric"})"},
              {R"({"my.metric", "a.b"="c", "d"=~"e"})", R"({"a.b"="c",__name__="my.metric",d=~"e"})"},
              {R"({sum="1", by!="", without="2", offset="3"})", R"({by!="",offset="3",sum="1",without="2"})"},
              {"x{a=\"1\"} # the first\n+ # and\ny", "x{a=\"1\"} + y"}});
}

TEST(Parser, KeywordsMayNameMetricsAndLabels) {
  expect_all(reprinted, {{"sum", "sum"},
                         {"sum + avg", "sum + avg"},
                         {"offset offset 5m", "offset offset 5m"},
                         {"and and and", "and and and"},
                         {"by{a=\"b\"}", "by{a=\"b\"}"},
                         {"start + end", "start + end"},
                         {"fill + fill_left", "fill + fill_left"},
                         {"smoothed", "smoothed"},
                         {"rate", "rate"},
                         {"sum by (on, sum, a:b, BOOL) (x)", "sum by (on, sum, \"a:b\", BOOL) (x)"},
                         {"a + on(by) group_left(group_left) b", "a + on (by) group_left (group_left) b"}});
}

TEST(Parser, RangesSubqueriesAndShifts) {
  expect_all(reprinted, {{"x[5m]", "x[5m]"},
                         {"x [ 5m ]", "x[5m]"},
                         {"x[+5m]", "x[5m]"},
                         {"x[5m:1m]", "x[5m:1m]"},
                         {"x[5m:]", "x[5m:]"},
                         {"x [ 1h : 30 ]", "x[1h:30s]"},
                         {"sum(x)[5m:]", "sum(x)[5m:]"},
                         {"(a + b)[5m:1m]", "(a + b)[5m:1m]"},
                         {"x offset -5m", "x offset -5m"},
                         {"x offset - 5m", "x offset -5m"},
                         {"x offset -+-5m", "x offset 5m"},
                         {"x OFFSET 1w", "x offset 1w"},
                         {"x offset 0", "x"},
                         {"x offset 291y364d23h59m59s999ms", "x offset 106579d23h59m59s999ms"},
                         {"x offset 1.0019", "x offset 1s1ms"},
                         {"x @ 1.5", "x @ 1.500"},
                         {"x @ -0.5", "x @ -0.500"},
                         {"x @ 5m", "x @ 300.000"},
                         {"x @ START()", "x @ start()"},
                         {"x[5m] offset 1m @ end()", "x[5m] @ end() offset 1m"},
                         {"x @ 5 offset 1m", "x @ 5.000 offset 1m"},
                         {"x offset 1m [5m:1m] offset 2m", "x offset 1m[5m:1m] offset 2m"},
                         {"rate(x[5m])[1h:5m] @ 10", "rate(x[5m])[1h:5m] @ 10.000"}});
}

TEST(Parser, OperatorsBindAsInPrometheus) {
  const auto brackets = +[](std::string_view query) {
    const auto tree = parse(query, table());
    return tree ? structure(**tree) : tree.error().text();
  };
  expect_all(brackets, {{"a + b * c", "[a + [b * c]]"},
                        {"a - b - c", "[[a - b] - c]"},
                        {"a ^ b ^ c", "[a ^ [b ^ c]]"},
                        {"a * b ^ c * d", "[[a * [b ^ c]] * d]"},
                        {"-a ^ b", "-[[a ^ b]]"},
                        {"-a * b", "[-[a] * b]"},
                        {"a ^ -b ^ c", "[a ^ -[[b ^ c]]]"},
                        {"a ^ -b * c", "[[a ^ -[b]] * c]"},
                        {"-1 ^ 2", "-[[1 ^ 2]]"},
                        {"- -a", "-[-[a]]"},
                        {"a or b and c", "[a o [b a c]]"},
                        {"a and b unless c", "[[a a b] u c]"},
                        {"a > b + c", "[a > [b + c]]"},
                        {"a == b != c", "[[a = b] ! c]"},
                        {"a % b atan2 c", "[[a % b] a c]"},
                        {"-x offset 5m", "-[x offset 5m]"},
                        {"-x[5m:] offset 1m",
                         "1:2: a sign before a range vector; it may stand before a scalar or an "
                         "instant vector\n  -x[5m:] offset 1m\n   ^^^^^^^^^^^^^^^^"}});
}

TEST(Parser, VectorsAreMatched) {
  expect_all(reprinted,
             {{"a == bool b", "a == bool b"},
              {"1 > BOOL 2", "1 > bool 2"},
              {"a*on()b", "a * on () b"},
              {"a * ignoring() b", "a * b"},
              {"a * ignoring(x,y,) b", "a * ignoring (x, y) b"},
              {"a < bool on(x) b", "a < bool on (x) b"},
              {"a * on(x) group_left b", "a * on (x) group_left () b"},
              {"a / ignoring() GROUP_RIGHT(z) b", "a / ignoring () group_right (z) b"},
              {R"(a * on("x.y", z) group_left("q r") b)", R"(a * on ("x.y", z) group_left ("q r") b)"},
              {"a and on(x) b", "a and on (x) b"},
              {"1 + on() 2", "1 + 2"}});
  const auto tree = parse("a or b", table());
  EXPECT_EQ(std::get<Binary>((*tree)->node).matching->cardinality, VectorMatching::Cardinality::many_to_many);
}

TEST(Parser, AggregationsTakeTheirLabelsBeforeOrBehind) {
  expect_all(reprinted, {{"SUM(x)", "sum(x)"},
                         {"sum by(a)(x)", "sum by (a) (x)"},
                         {"sum(x)by(a)", "sum by (a) (x)"},
                         {"sum(x) without (a, b)", "sum without (a, b) (x)"},
                         {"sum by () (x)", "sum(x)"},
                         {"sum without () (x)", "sum without () (x)"},
                         {"topk(3, x) by (a)", "topk by (a) (3, x)"},
                         {"count_values((\"v\"), x)", "count_values((\"v\"), x)"},
                         {"quantile(scalar(q), x)", "quantile(scalar(q), x)"},
                         {"limitk(2, x)", "limitk(2, x)"},
                         {"limit_ratio(-0.5, x)", "limit_ratio(-0.5, x)"},
                         {"group by (\"a b\") (x)", "group by (\"a b\") (x)"}});
}

TEST(Parser, CallsOfEveryShape) {
  expect_all(
      reprinted,
      {{"time()", "time()"},
       {"hour()", "hour()"},
       {"hour(x)", "hour(x)"},
       {"round(x, 5)", "round(x, 5)"},
       {"start() + end() - step() * range()", "start() + end() - step() * range()"},
       {"min_of(1, max_of(2, 3))", "min_of(1, max_of(2, 3))"},
       {"label_join(x, \"a\", \",\")", "label_join(x, \"a\", \",\")"},
       {"label_join(x, \"a\", \",\", \"b\", \"c\")", "label_join(x, \"a\", \",\", \"b\", \"c\")"},
       {"sort_by_label(x, \"a\", \"b\")", "sort_by_label(x, \"a\", \"b\")"},
       {"sort_by_label_desc(x)", "sort_by_label_desc(x)"},
       {"histogram_quantiles(x, \"q\", 0.5, 0.9)", "histogram_quantiles(x, \"q\", 0.5, 0.9)"},
       {"histogram_fraction(0, 1, x)", "histogram_fraction(0, 1, x)"},
       {"double_exponential_smoothing(x[5m], 0.1, 0.2)", "double_exponential_smoothing(x[5m], 0.1, 0.2)"},
       {"mad_over_time(x[5m])", "mad_over_time(x[5m])"}});
}

TEST(ParseSelector, TakesASelectorAndNothingElse) {
  const auto selector = parse_selector(R"(up{job="api"})");
  ASSERT_TRUE(selector);
  EXPECT_EQ(selector->name, "up");
  ASSERT_EQ(selector->matchers.size(), 2u);
  EXPECT_EQ(selector->matchers[0].label, "__name__");
  EXPECT_EQ(selector->matchers[1].value, "api");
  EXPECT_FALSE(parse_selector("up + 1"));
  EXPECT_FALSE(parse_selector("up[5m]"));
  EXPECT_FALSE(parse_selector("5"));
  EXPECT_FALSE(parse_selector(""));
}

}  // namespace
}  // namespace ullage::query
