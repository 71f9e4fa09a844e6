// SPDX-License-Identifier: Apache-2.0
#include "run/fail_on.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "run/leaves.h"

namespace ullage::run {
namespace {

using testing::HasSubstr;

const std::vector<Leaf> kBefore = {{"memory.peak_bytes", Unit::bytes, 100.0 * (1 << 20)},
                                   {"wall_seconds", Unit::seconds, 10.0},
                                   {"cpu.throttled_seconds", Unit::seconds, {}},
                                   {"processes.total", Unit::count, 0.0},
                                   {"io.read_bytes", Unit::bytes, {}}};
const std::vector<Leaf> kAfter = {{"memory.peak_bytes", Unit::bytes, 110.0 * (1 << 20)},
                                  {"wall_seconds", Unit::seconds, 9.0},
                                  {"cpu.throttled_seconds", Unit::seconds, 5.0},
                                  {"processes.total", Unit::count, 3.0},
                                  {"io.read_bytes", Unit::bytes, {}}};

bool crossed(std::string_view expression) {
  const auto gate = parse_fail_on(expression);
  EXPECT_TRUE(gate) << gate.error().text();
  const auto result = judge(*gate, kBefore, kAfter);
  EXPECT_TRUE(result) << result.error().text();
  return result->crossed;
}

std::string text_of(std::string_view expression) {
  return judge(*parse_fail_on(expression), kBefore, kAfter)->text;
}

std::string parse_error(std::string_view expression) {
  const auto gate = parse_fail_on(expression);
  EXPECT_FALSE(gate) << expression;
  return gate ? "" : gate.error().text();
}

TEST(FailOn, RelativeChange) {
  EXPECT_TRUE(crossed("memory.peak_bytes>+5%"));
  EXPECT_FALSE(crossed("memory.peak_bytes>+10%"));  // exactly ten is not more than ten
  EXPECT_FALSE(crossed("memory.peak_bytes > + 12.5 %"));
  EXPECT_TRUE(crossed("wall_seconds<-5%"));
  EXPECT_TRUE(crossed("wall_seconds>-20%"));  // it was to get faster by a fifth, and did not
}

// An exit code of 1 that became 0 was "-100 %".
TEST(FailOn, OfWhatIsNoQuantityThereIsNoPercentage) {
  EXPECT_THAT(parse_error("exit_code>+5%"), HasSubstr("exit_code is no quantity"));
  const std::vector<Leaf> before = {{"exit_code", Unit::code, 1.0}}, after = {{"exit_code", Unit::code, 0.0}};
  EXPECT_EQ(judge(*parse_fail_on("exit_code>+0"), before, after)->text,
            "exit_code went from 1 to 0: not more than +0");
}

TEST(FailOn, ChangeByAnAmountInTheFiguresOwnUnit) {
  EXPECT_TRUE(crossed("memory.peak_bytes>+8M"));
  EXPECT_FALSE(crossed("memory.peak_bytes>+16MiB"));
  EXPECT_TRUE(crossed("wall_seconds<-500ms"));
  EXPECT_FALSE(crossed("wall_seconds<-1.5"));
  EXPECT_TRUE(crossed("processes.total>+2"));
}

TEST(FailOn, BoundOnTheSecondRunsOwnValue) {
  EXPECT_TRUE(crossed("memory.peak_bytes>105M"));
  EXPECT_FALSE(crossed("memory.peak_bytes>1G"));
  EXPECT_TRUE(crossed("cpu.throttled_seconds>1s"));  // needs no first
}

TEST(FailOn, AnyIncreaseFromNothingCrossesAPercentage) { EXPECT_TRUE(crossed("processes.total>+50%")); }

TEST(FailOn, SaysWhatWasSeen) {
  EXPECT_EQ(text_of("memory.peak_bytes>+5%"),
            "memory.peak_bytes went from 100 MiB to 110 MiB (+10 %): more than +5.0 %");
  EXPECT_EQ(text_of("wall_seconds>+2s"),
            "wall_seconds went from 10.0 s to 9.00 s (-10 %): not more than +2.00 s");
  EXPECT_EQ(text_of("memory.peak_bytes>1G"), "memory.peak_bytes is 110 MiB: not more than 1.00 GiB");
}

TEST(FailOn, AFigureThatIsGoneCrossesAndOneThatNeverWasDoesNot) {
  EXPECT_TRUE(crossed("cpu.throttled_seconds>+5%"));
  EXPECT_THAT(text_of("cpu.throttled_seconds>+5%"), HasSubstr("unknown in the first run"));
  EXPECT_FALSE(crossed("io.read_bytes>+5%"));
  EXPECT_THAT(text_of("io.read_bytes>+5%"), HasSubstr("unknown in both runs"));
  EXPECT_TRUE(crossed("io.read_bytes>5G"));
}

TEST(FailOn, AMisspeltFigureGetsTheNearest) {
  const auto result = judge(*parse_fail_on("memory.peek_bytes>+5%"), kBefore, kAfter);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().text(), HasSubstr("did you mean 'memory.peak_bytes'?"));
  EXPECT_THAT(judge(*parse_fail_on("peak_bytes>+5%"), kBefore, kAfter).error().text(),
              HasSubstr("did you mean 'memory.peak_bytes'?"));
}

TEST(FailOn, ABadExpressionIsPointedAt) {
  EXPECT_THAT(parse_error("memory.peak_bytes>+5 parsecs"),
              HasSubstr("\n  memory.peak_bytes>+5 parsecs\n                     ^"));
  EXPECT_THAT(parse_error("memory.peak_bytes"), HasSubstr("'>' or '<' is missing"));
  EXPECT_THAT(parse_error(">+5%"), HasSubstr("the name of a figure is missing"));
  EXPECT_THAT(parse_error("wall_seconds>"), HasSubstr("a number is missing"));
  EXPECT_THAT(parse_error("wall_seconds>+"), HasSubstr("a number is missing"));
  EXPECT_THAT(parse_error("wall_seconds>5%"), HasSubstr("a percentage needs '+' or '-'"));
  EXPECT_THAT(parse_error("wall_seconds>+-5%"), HasSubstr("two signs in a row"));
  EXPECT_THAT(parse_error("wall_seconds>+%"), HasSubstr("not a number"));
  parse_error("");
  parse_error("\xff\xfe>\x01");
  parse_error("wall_seconds>+nan");
}

}  // namespace
}  // namespace ullage::run
