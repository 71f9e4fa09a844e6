// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/line_protocol.h"

#include <gtest/gtest.h>
#include <rapidcheck/Assertions.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include "base/text.h"

namespace ullage::sense {
namespace {

std::string error_of(std::string_view text) {
  const auto line = parse_line(text);
  return line ? "no error" : line.error().text();
}
template <class T>
T parsed(std::string_view text) {
  const auto line = parse_line(text);
  EXPECT_TRUE(line) << line.error().text();
  return std::get<T>(*line);
}

TEST(LineProtocol, ReadsPhases) {
  EXPECT_EQ(parsed<PhaseLine>("phase load begin").name, "load");
  EXPECT_TRUE(parsed<PhaseLine>("phase load begin").begins);
  EXPECT_FALSE(parsed<PhaseLine>("  phase\tload   end \r").begins);
  EXPECT_EQ(parsed<PhaseLine>("phase \"load the \\\"data\\\"\" begin").name, "load the \"data\"");
}

TEST(LineProtocol, ReadsGaugesWithLabelsInOrder) {
  const auto gauge = parsed<GaugeLine>("gauge queue_depth 3 shard=a host=\"b c\"");
  EXPECT_EQ(gauge.name, "queue_depth");
  EXPECT_EQ(gauge.value, 3);
  EXPECT_EQ(gauge.labels, (metric::Labels{{"host", "b c"}, {"shard", "a"}}));
  EXPECT_EQ(parsed<GaugeLine>("gauge loss -1.5e-3").value, -1.5e-3);
  EXPECT_EQ(parsed<GaugeLine>("gauge a 1 k=").labels, (metric::Labels{{"k", ""}}));
}

TEST(LineProtocol, ReadsCounters) {
  EXPECT_EQ(parsed<CounterLine>("counter rows_total +500").increment, 500);
  EXPECT_EQ(parsed<CounterLine>("counter rows_total 2.5 k=v").increment, 2.5);
}

TEST(LineProtocol, AnEventIsTheRestOfItsLine) {
  EXPECT_EQ(parsed<EventLine>("event checkpoint \"7\" written = ok").text, "checkpoint \"7\" written = ok");
}

TEST(LineProtocol, EmptyLinesAndCommentsSayNothing) {
  for (const char* text : {"", "   ", "# phase load begin", "\r"})
    EXPECT_TRUE(std::holds_alternative<BlankLine>(*parse_line(text))) << text;
}

TEST(LineProtocol, TellsWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of("guage a 1"), "column 1: 'guage' begins no line; did you mean 'gauge'?");
  EXPECT_EQ(error_of("GET / HTTP/1.1"),
            "column 1: 'GET' begins no line; a line begins with phase, gauge, counter or event");
  EXPECT_EQ(error_of("phase"),
            "column 6: the phase has no name; a phase reads as 'phase NAME begin' or 'phase NAME end'");
  EXPECT_EQ(error_of("phase load"),
            "column 11: neither begin nor end; a phase reads as 'phase NAME begin' or 'phase NAME end'");
  EXPECT_EQ(
      error_of("phase load data begin"),
      "column 12: 'data' is neither begin nor end; a phase reads as 'phase NAME begin' or 'phase NAME end'");
  EXPECT_EQ(error_of("phase load end now"),
            "column 16: more than a phase needs; a name with blanks stands in double quotes");
  EXPECT_EQ(error_of("gauge"),
            "column 6: the name is missing; a gauge reads as 'gauge queue_depth 3 shard=a'");
  EXPECT_EQ(error_of("gauge 1x 2"),
            "column 7: '1x' cannot name a metric; letters, digits, '_' and ':' can, no digit first");
  EXPECT_EQ(error_of("gauge x"),
            "column 8: the number is missing; a gauge reads as 'gauge queue_depth 3 shard=a'");
  EXPECT_EQ(error_of("gauge x NaN"),
            "column 9: 'NaN' is not a number; a gauge reads as 'gauge queue_depth 3 shard=a'");
  EXPECT_EQ(error_of("gauge x +-3"),
            "column 9: '+-3' is not a number; a gauge reads as 'gauge queue_depth 3 shard=a'");
  EXPECT_EQ(error_of("counter x -3"),
            "column 11: a counter cannot go down; what goes up and down is a gauge");
  EXPECT_EQ(error_of("gauge x 1 shard"),
            "column 11: 'shard' is no label; a label reads as shard=a or host=\"b c\"");
  EXPECT_EQ(error_of("gauge x 1 a:b=c"),
            "column 11: 'a:b' cannot name a label; letters, digits and '_' can, no digit first");
  EXPECT_EQ(error_of("gauge x 1 a=1 b=2 a=3"), "column 19: the label 'a' stands twice");
  EXPECT_EQ(error_of("gauge x 1 name=y"), "column 11: the label 'name' is reserved");
  EXPECT_EQ(error_of("gauge x 1 a=\"b"), "column 13: the closing quote is missing");
  EXPECT_EQ(error_of("gauge x 1 a=\"b\"c"), "column 16: a blank must follow the closing quote");
  EXPECT_EQ(error_of("gauge x 1 a=\"\\t\""), "column 14: unknown escape '\\t'; there are \\\" \\\\ and \\n");
  EXPECT_EQ(error_of("event   "),
            "column 9: the event has no text; an event reads as 'event checkpoint written'");
  EXPECT_EQ(error_of(std::string_view("event a\0b", 9)), "column 8: a byte that no line may hold");
}

TEST(LineProtocol, BoundsEveryPart) {
  EXPECT_EQ(error_of("event " + std::string(5000, 'x')),
            "column 4097: the line is too long; at most 4096 bytes");
  EXPECT_EQ(error_of("event " + std::string(2000, 'x')), "column 7: a text of 2000 bytes; at most 1024");
  EXPECT_EQ(error_of("phase " + std::string(65, 'x') + " end"),
            "column 7: a phase's name of 65 bytes; at most 64");
  EXPECT_EQ(error_of("gauge " + std::string(201, 'x') + " 1"),
            "column 7: the name is too long; at most 200 bytes");
  EXPECT_EQ(error_of("gauge x 1 a=" + std::string(257, 'x')),
            "column 13: a label's value of 257 bytes; at most 256");
  std::string many = "gauge x 1";
  for (char c = 'a'; c < 'a' + 17; ++c) many += std::string(" ") + c + "=1";
  EXPECT_EQ(error_of(many), "column 75: more than 16 labels");
}

TEST(LineProtocol, BytesThatAreNotUtf8AreReplaced) {
  EXPECT_EQ(parsed<EventLine>("event a\xFF").text, "a\xEF\xBF\xBD");
}

RC_GTEST_PROP(LineProtocol, WhatIsFormattedParsesBack, (const std::string& raw, double value)) {
  const std::string label = valid_utf8(raw).substr(0, kLabelValueLimit);
  RC_PRE(label.find('\0') == std::string::npos && valid_utf8(label) == label);
  const GaugeLine gauge{"x", value, {{"k", label}}};
  const auto back = parse_line(format_line(gauge));
  RC_ASSERT(back.has_value());
  RC_ASSERT(std::get<GaugeLine>(*back).value == value);
  RC_ASSERT(std::get<GaugeLine>(*back).labels == gauge.labels);
}

}  // namespace
}  // namespace ullage::sense
