// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/program_output.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "metric/family.h"
#include "sense/custom/custom_reading.h"

namespace ullage::sense {
namespace {

std::string read(std::string_view text) {
  const auto reading = parse_program_output(text);
  if (!reading) return reading.error().where + ": " + reading.error().what;
  std::string all;
  for (const CustomValue& value : reading->values)
    all += fmt::format("{} {}\n", value.key.text(), value.value);
  return all;
}

TEST(ProgramOutput, IsTextOrJsonLines) {
  EXPECT_EQ(read("# TYPE a gauge\na{b=\"c\"} 1\n"), "a{b=\"c\"} 1\n");
  EXPECT_EQ(read("{\"my.name\",b=\"c\"} 1\n"), "my.name{b=\"c\"} 1\n");
  EXPECT_EQ(
      read("\n{\"name\":\"a\",\"value\":1.5}\n{\"value\":true,\"name\":\"b\",\"labels\":{\"c\":\"d\"}}\n"
           "{\"name\":\"n\",\"value\":\"NaN\"}"),
      "a 1.5\nb{c=\"d\"} 1\nn nan\n");
  EXPECT_EQ(read(""), "");
}

std::string said(std::string_view text) {
  const auto reading = parse_program_output(text);
  if (!reading) return reading.error().text();
  std::string all;
  for (const metric::Family& family : reading->families)
    all += fmt::format("{}|{}|{}|{} ", family.name, to_string(family.kind), family.unit, family.help);
  return all;
}

TEST(ProgramOutput, SaysWhatItsMetricsAre) {
  EXPECT_EQ(said("# TYPE jobs counter\n# HELP jobs All jobs\njobs_total 1\n# EOF\n"),
            "jobs_total|counter||All jobs ");
  EXPECT_EQ(said(R"({"name":"jobs_total","value":1,"type":"counter","help":"All jobs","labels":{"a":"b"}}
{"name":"jobs_total","value":2,"labels":{"a":"c"}}
{"name":"took_seconds_sum","value":1,"type":"summary","unit":"seconds"}
{"name":"took_seconds_count","value":1,"type":"summary"}
{"name":"plain","value":1}
)"),
            "jobs_total|counter||All jobs took_seconds|summary|seconds| ");
  EXPECT_EQ(said(R"({"name":"a","value":1,"type":"guage"})"),
            "line 1:1: unknown type 'guage'; did you mean 'gauge'?");
  EXPECT_EQ(said(R"({"name":"a","value":1,"help":7})"),
            "line 1:1: 'help' is no text; "
            R"({"name":"queue_depth","labels":{"shard":"a"},"value":3})");
}

TEST(ProgramOutput, AnErrorSaysWhere) {
  EXPECT_EQ(read("Traceback (most recent call last):\n"), "line 1:11: '(most' is no number");
  EXPECT_EQ(read("{\"name\":\"a\",\"value\":1}\n{\"name\":}\n"), "line 2:9: not JSON");
  EXPECT_EQ(read("{\"nmae\":\"a\",\"value\":1}"), "line 1:1: unknown key 'nmae'");
  EXPECT_EQ(read("{\"name\":\"a\"}"), "line 1:1: has no 'value'");
  EXPECT_EQ(read("{\"value\":1}"), "line 1:1: a series without a name");
  EXPECT_EQ(read("{\"name\":\"a\",\"value\":null}"), "line 1:1: 'value' is no number");
  EXPECT_EQ(read("{\"name\":\"a\",\"value\":1e999}"), "line 1:1: a number that is too large");
  EXPECT_EQ(read("{\"name\":\"a\",\"value\":1,\"labels\":{\"b\":1}}"), "line 1:1: the label 'b' is no text");
}

}  // namespace
}  // namespace ullage::sense
