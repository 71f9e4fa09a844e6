// SPDX-License-Identifier: Apache-2.0
#include "history/remote/api_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "history/series_file.h"

namespace ullage::history {
namespace {

using testing::HasSubstr;

std::string matrix(const std::string& result) {
  return R"({"status":"success","data":{"resultType":"matrix","result":[)" + result + "]}}";
}

TEST(ApiAnswer, ReadsAMatrixWithEveryKindOfValue) {
  const auto series = parse_matrix(matrix(
      R"({"metric":{"z":"1","__name__":"x","a":"ü","empty":""},"values":[[1700000000,"1"],[1700000000.123,"-0"],)"
      R"([1700000001,"NaN"],[1700000002,"+Inf"],[1700000003,"-Inf"],[1700000004.5,"5e-324"]]},)"
      R"({"values":[[1,"0.1"]],"metric":{}})"));
  ASSERT_TRUE(series) << series.error().text();
  ASSERT_EQ(series->size(), 2u);
  EXPECT_EQ((*series)[0].key.text(), "x{a=\"ü\",z=\"1\"}");
  const std::vector<Sample>& samples = (*series)[0].samples;
  ASSERT_EQ(samples.size(), 6u);
  EXPECT_EQ(samples[1].time_ms, 1'700'000'000'123);
  EXPECT_TRUE(samples[1].value == 0 && std::signbit(samples[1].value));
  EXPECT_TRUE(std::isnan(samples[2].value));
  EXPECT_EQ(samples[3].value, std::numeric_limits<double>::infinity());
  EXPECT_EQ(samples[4].value, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(samples[5].value, std::numeric_limits<double>::denorm_min());
  EXPECT_EQ((*series)[1].key.text(), "");
}

TEST(ApiAnswer, PassesOverWhatLaterVersionsMayAdd) {
  const auto series = parse_matrix(
      R"({"infos":[{"result":{"a":[1]}}],"warnings":["w"],"status":"success","isPartial":false,"stats":{"data":{"result":1}},)"
      R"("data":{"stats":{"result":[1]},"resultType":"matrix","result":[{"metric":{"__name__":"h"},"histograms":[[1,{"count":"3"}]]}]}})");
  ASSERT_TRUE(series) << series.error().text();
  EXPECT_TRUE(series->at(0).samples.empty());
}

TEST(ApiAnswer, ALieIsAnErrorThatSaysWhere) {
  const std::string x = R"({"metric":{"__name__":"x"},"values":)";
  const std::pair<std::string, std::string> lies[] = {
      {"", "not JSON, at byte 1"},
      {"<html>", "not JSON"},
      {R"({"status":"success","data":{"resultType":"matrix","result":[)", "not JSON"},
      {"[]", "in the wrong place"},
      {"3", "in the wrong place"},
      {"{}", "no status"},
      {R"({"status":"success"})", "no matrix"},
      {R"({"status":"success","data":{"resultType":"vector","result":[]}})", "no matrix but 'vector'"},
      {R"({"status":"success","data":{"resultType":"matrix","result":{}}})", "an object as its result"},
      {R"({"status":"success","data":"x"})", "a string as its data"},
      {R"({"status":"error","error":"no\u001b[31m"})", "says no\\x1b[31m"},
      {matrix("3"), "a number in the wrong place"},
      {matrix(R"({"metric":{"a":1},"values":[]})"), "a label that is a number, in series 1"},
      {matrix(R"({"metric":[],"values":[]})"), "an array as its metric"},
      {matrix(x + "[[2,\"1\"],[1,\"1\"]]}"), "not in order of time, in series 1"},
      {matrix(x + "[[2,\"1\"],[2,\"1\"]]}"), "not in order of time"},
      {matrix(x + "[[2,1]]}"), "a number in the wrong place"},
      {matrix(x + "[[\"2\",\"1\"]]}"), "a string in the wrong place"},
      {matrix(x + "[[2]]}"), "not [time, \"value\"]"},
      {matrix(x + "[[2,\"1\",\"1\"]]}"), "a string in the wrong place"},
      {matrix(x + "[[1e300,\"1\"]]}"), "an impossible time"},
      {matrix(x + "[[2,\"one\"]]}"), "'one' for a value"},
      {matrix(x + "[[2,\"\"]]}"), "'' for a value"},
      {matrix(x + "{}}"), "an object as its values"},
      {matrix(R"({"metric":{"a":"1","a":"2"},"values":[]})"), "the label 'a' twice"},
      {matrix("{\"metric\":{\"a\":\"\xff\"},\"values\":[]}"), "not JSON"},
  };
  for (const auto& [json, what] : lies) {
    const auto series = parse_matrix(json);
    ASSERT_FALSE(series) << json;
    EXPECT_THAT(series.error().text(), HasSubstr(what)) << json;
  }
}

TEST(ApiAnswer, EveryPrefixOfAnAnswerIsAnError) {
  const std::string whole = matrix(R"({"metric":{"__name__":"x"},"values":[[1,"1"],[2,"2"]]})");
  ASSERT_TRUE(parse_matrix(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_matrix(whole.substr(0, size))) << size;
}

TEST(ApiAnswer, ReadsAListOfSeries) {
  const auto series =
      parse_series_list(R"({"status":"success","data":[{"__name__":"x","b":"2"},{"__name__":"y"}]})");
  ASSERT_TRUE(series) << series.error().text();
  ASSERT_EQ(series->size(), 2u);
  EXPECT_EQ((*series)[0].key.text(), "x{b=\"2\"}");
  EXPECT_TRUE(parse_series_list(R"({"status":"success","data":null})"));
  EXPECT_FALSE(parse_series_list(R"({"status":"success"})"));
  EXPECT_FALSE(parse_series_list(R"({"status":"success","data":["x"]})"));
  EXPECT_FALSE(parse_series_list(matrix("")));
}

TEST(ApiAnswer, AnErrorsOwnWordsAreHandedOn) {
  EXPECT_EQ(parse_api_error(R"({"status":"error","errorType":"bad_data","error":"parse error"})"),
            "bad_data: parse error");
  EXPECT_EQ(parse_api_error(R"({"status":"error","data":{"result":null},"code":400,"error":"no"})"), "no");
  EXPECT_EQ(parse_api_error(R"({"error":{"why":"no"}})"), "");
  EXPECT_EQ(parse_api_error("upstream is away"), "");
  EXPECT_EQ(parse_api_error("[[[[["), "");
}

}  // namespace
}  // namespace ullage::history
