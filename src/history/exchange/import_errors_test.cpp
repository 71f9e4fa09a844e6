// SPDX-License-Identifier: Apache-2.0
// What is wrong in a text is told with its line and column.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/exchange/exchange.h"
#include "history/series_file.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

using enum ExchangeFormat;
using testing::StartsWith;

std::string failure(ExchangeFormat format, std::string_view text) {
  SampleReader reader(format,
                      [](const metric::SeriesKey&, std::span<const Sample>) { return Result<void>(); });
  if (const auto fed = reader.feed(text); !fed) return fed.error().text();
  const auto done = reader.finish();
  return done ? "none" : done.error().text();
}

TEST(ImportErrors, OfOpenMetrics) {
  const std::string huge(17'000, 'v');
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "line 1:1: the text is cut short"},
      {"x 1 1\n", "line 2:1: the text is cut short"},
      {"# EOF\nx 1 1\n", "line 2:1: there is more after # EOF"},
      {"\n# EOF\n", "line 1:1: an empty line"},
      {"x 1 1\n# a comment\n", "line 2:1: neither # TYPE"},
      {"# TYPE x gauche\n", "line 1:10: 'gauche' is no type; did you mean 'gauge'?"},
      {"# TYPE\n", "line 1:7: the name of a metric is expected"},
      {"# HELP 9x y\n", "line 1:8: '9x' is no name of a metric"},
      {"x\n", "line 1:2: a blank and a value are expected"},
      {"x one 1\n", "line 1:3: 'one' is no number"},
      {"x  1 1\n", "line 1:3: '' is no number"},
      {"x 1\n", "line 1:4: a sample without its timestamp"},
      {"x 1 # {} 1\n", "line 1:5: a sample without its timestamp"},
      {"x 1 soon\n", "line 1:5: 'soon' is no time"},
      {"x 1 NaN\n", "line 1:5: 'NaN' is no time"},
      {"x 1 1e300\n", "line 1:5: '1e300' is no time"},
      {"x 1 1 2\n", "line 1:6: nothing but an exemplar may stand here"},
      {"x 1 1 # {a=\"b\"}\n", "line 1:16: a blank and the exemplar's value are expected"},
      {"x 1 1 # {} x\n", "line 1:12: 'x' is no number"},
      {"x-y 1 1\n", "line 1:1: 'x-y' is no name of a metric"},
      {"{} 1 1\n", "line 1:2: a quote is expected"},
      {"{a=\"b\"} 1 1\n", "line 1:2: a quote is expected"},
      {"{\"\"} 1 1\n", "line 1:1: a series without a name"},
      {"{\"x\"y=\"1\"} 1 1\n", "line 1:5: a comma is expected after the name"},
      {"x{ 1 1\n", "line 1:3: a label's name is expected"},
      {"x{9=\"b\"} 1 1\n", "line 1:3: a label's name is expected"},
      {"x{a\"b\"} 1 1\n", "line 1:4: = is expected"},
      {"x{a=b} 1 1\n", "line 1:5: a quote is expected"},
      {"x{a=\"b} 1 1\n", "line 1:5: a quote that is not closed"},
      {"x{a=\"b\"c=\"d\"} 1 1\n", "line 1:8: a comma or the end of the labels is expected"},
      {"x{a=\"b\",", "line 1:9: the labels do not end"},
      {"x{", "line 1:3: the labels do not end"},
      {"x{\"\"=\"b\"} 1 1\n", "line 1:1: a label without a name"},
      {"x{a=\"b\",a=\"c\"} 1 1\n", "line 1:1: the label 'a' stands twice"},
      {"x{__name__=\"y\"} 1 1\n", "line 1:1: the label __name__ beside a name"},
      {"x{a=\"\xff\"} 1 1\n", "line 1:1: the label 'a' is not UTF-8"},
      {"{\"\xed\xa0\x80\"} 1 1\n", "line 1:1: the name '\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD' is not UTF-8"},
      {"x{a=\"" + huge + "\"} 1 1\n", "line 1:1: a name and labels of 17002 bytes; they may have 16384"},
      {"x 1 2\nx 1 2\n", "line 2:1: a sample of 'x' that is not after the one before"},
      {"x 1 2\nx{} 1 1\n", "line 2:1: a sample of 'x' that is not after the one before"},
  };
  for (const auto& [text, what] : cases)
    EXPECT_THAT(failure(openmetrics, text), StartsWith(what)) << text.substr(0, 80);
}

TEST(ImportErrors, OfCsv) {
  const std::string header = "time_ms,name,labels,value\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "line 1:1: there is nothing; the first line is time_ms,name,labels,value"},
      {"time,name\n", "line 1:1: the columns are others"},
      {header, "none"},
      {header + "\n", "line 2:1: '' is no time"},
      {header + "1.5,x,,1\n", "line 2:1: '1.5' is no time"},
      {header + "1,x,,one\n", "line 2:6: 'one' is no number"},
      {header + "1,x,,1,2\n", "line 2:8: more than four fields"},
      {header + "1,x\n", "line 2:4: fewer than four fields"},
      {header + "1,,,1\n", "line 2:3: a series without a name"},
      {header + "1,x,\"a=\"\"b\"\"\n", "line 2:5: a quote that is not closed"},
      {header + "1,x\"y,,1\n", "line 2:4: a quote in the middle of a field"},
      {header + "1,\"x\"y,,1\n", "line 2:6: a comma is expected after a quote"},
      {header + "1,\"\"\"x\",,1\n", "line 2:3: a name in quotes that do not fit"},
      {header + "1,x,a,1\n", "line 2:5: in the labels, = is expected"},
      {header + "1,x,,1\n1,x,,1\n", "line 3:1: a sample of 'x' that is not after"},
      {header + "1,x,\"a=\"\"\xff\"\"\",1\n", "line 2:3: the label 'a' is not UTF-8"},
  };
  for (const auto& [text, what] : cases) EXPECT_THAT(failure(csv, text), StartsWith(what)) << text;
}

TEST(ImportErrors, OfJsonLines) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "none"},
      {"\n \n", "none"},
      {"{\"metric\":}\n", "line 1:11: not JSON"},
      {"[1]\n", "line 1:1: not an object"},
      {"{}\n", "line 1:1: has no object 'metric'"},
      {R"({"metric":{"a":1}})", "line 1:1: the label 'a' is no text"},
      {R"({"metric":{"a":"1"}})", "line 1:1: a series without a name"},
      {R"({"metric":{"__name__":"x"},"values":[1]})", "line 1:1: has no arrays"},
      {R"({"metric":{"__name__":"x"},"values":[1],"timestamps":[]})",
       "line 1:1: has 1 values and 0 timestamps"},
      {R"({"metric":{"__name__":"x"},"values":["1"],"timestamps":[1]})", "line 1:1: values[0] is no number"},
      {R"({"metric":{"__name__":"x"},"values":[1],"timestamps":[1.5]})",
       "line 1:1: timestamps[0] is no time"},
      {R"({"metric":{"__name__":"x"},"values":[1],"timestamps":[18446744073709551615]})",
       "line 1:1: timestamps[0] is no time"},
      {R"({"metric":{"__name__":"x"},"values":[1,1],"timestamps":[2,1]})",
       "line 1:1: a sample of 'x' that is not after"},
      {R"({"metric":{"__name__":"x"},"values":[1e999],"timestamps":[1]})",
       "line 1:1: a number that is too large"},
      {"{\"metric\":{\"__name__\":\"\xff\"}}", "line 1:24: not JSON"},
      {std::string(100'000, '['), "line 1:100001: not JSON"},
  };
  for (const auto& [text, what] : cases)
    EXPECT_THAT(failure(json_lines, text), StartsWith(what)) << text.substr(0, 80);
}

TEST(ImportErrors, ALineWithoutEndIsNotHeldForEver) {
  SampleReader reader(openmetrics,
                      [](const metric::SeriesKey&, std::span<const Sample>) { return Result<void>(); });
  const std::string piece(1u << 20, 'x');
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(reader.feed(piece));
  EXPECT_THAT(reader.feed(piece).error().text(), StartsWith("line 1:1: a line of more than 67108864 bytes"));
}

}  // namespace
}  // namespace ullage::history
