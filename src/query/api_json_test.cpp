// SPDX-License-Identifier: Apache-2.0
#include "query/api_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/result.h"
#include "base/text.h"
#include "metric/series.h"
#include "query/engine.h"
#include "query/label_set.h"

namespace ullage::query {
namespace {

TEST(ApiJson, AVectorIsAsPrometheusAnswers) {
  QueryResult result;
  result.series = {{LabelSet(metric::SeriesKey{"up", {{"job", "a\"b\xff"}}}), {{1'795'694'400'250, 0.1}}}};
  result.infos = {"metric might not be a counter"};
  EXPECT_EQ(
      api_json(result),
      R"({"status":"success","data":{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a\"b)"
      "\xEF\xBF\xBD"
      R"("},"value":[1795694400.25,"0.1"]}]},"infos":["metric might not be a counter"]})");
}

TEST(ApiJson, AMatrixHasItsPoints) {
  QueryResult result{.kind = QueryResult::Kind::matrix};
  result.series = {{LabelSet(), {{0, 1}, {1'000, 2}}}};
  EXPECT_EQ(nlohmann::json::parse(api_json(result))["data"]["result"].dump(),
            R"([{"metric":{},"values":[[0,"1"],[1,"2"]]}])");
}

TEST(ApiJson, ScalarsAndStringsStandAlone) {
  QueryResult scalar{.kind = QueryResult::Kind::scalar, .scalar = {2'000, -0.0}};
  EXPECT_EQ(nlohmann::json::parse(api_json(scalar))["data"]["result"].dump(), R"([2,"-0"])");
  QueryResult text{.kind = QueryResult::Kind::string, .scalar = {2'000, 0}, .text = "a\n"};
  EXPECT_EQ(nlohmann::json::parse(api_json(text))["data"]["result"].dump(), R"([2,"a\n"])");
}

TEST(ApiJson, NumbersHaveNoExponentAndReadBack) {
  EXPECT_EQ(api_number(1e21), "1000000000000000000000");
  EXPECT_EQ(api_number(1.5e-7), "0.00000015");
  EXPECT_EQ(api_number(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(api_number(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(api_number(std::nan("")), "NaN");
  for (const double value : {0.1, 1.0 / 3, 5e-324, 1.7976931348623157e308})
    EXPECT_EQ(to_double(api_number(value)).value_or(0), value);
}

TEST(ApiJson, AnErrorNamesItsType) {
  EXPECT_EQ(api_error_json("bad_data", Error{.what = "no such function", .where = "1:1"}),
            R"({"status":"error","errorType":"bad_data","error":"1:1: no such function"})");
}

}  // namespace
}  // namespace ullage::query
