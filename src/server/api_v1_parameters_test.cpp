// SPDX-License-Identifier: Apache-2.0
#include "server/api_v1_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <string>
#include <utility>

#include "server/http_message.h"

namespace ullage::server {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

Parameters parameters(std::initializer_list<std::pair<std::string, std::string>> pairs) {
  Parameters made;
  for (const auto& [name, value] : pairs) made.add(name, value);
  return made;
}

TEST(ApiParameters, ATimeIsSecondsOrRfc3339) {
  EXPECT_EQ(parse_api_time("1795694400").value_or(0), 1'795'694'400'000);
  EXPECT_EQ(parse_api_time("1795694400.1234").value_or(0), 1'795'694'400'123);
  EXPECT_EQ(parse_api_time("1.7956944e9").value_or(0), 1'795'694'400'000);
  EXPECT_EQ(parse_api_time("2026-11-26T12:00:00Z").value_or(0), 1'795'694'400'000);
  EXPECT_EQ(parse_api_time("2026-11-26T13:00:00.250+01:00").value_or(0), 1'795'694'400'250);
  EXPECT_EQ(parse_api_time("-292273086-05-16T16:47:06Z").value_or(-1), 0)
      << "how clients write the beginning of time";
  EXPECT_TRUE(parse_api_time("292277025-08-18T07:12:54.999999999Z"));
  for (const std::string text : {"", "now", "-5m", "NaN", "Inf", "1e300", "2026-11-26", "12:00"})
    EXPECT_FALSE(parse_api_time(text)) << text;
}

TEST(ApiParameters, ADurationIsSecondsOrPrometheusText) {
  EXPECT_EQ(parse_api_duration("15").value_or(0), 15'000);
  EXPECT_EQ(parse_api_duration("0.25").value_or(0), 250);
  EXPECT_EQ(parse_api_duration("1h30m").value_or(0), 5'400'000);
  EXPECT_EQ(parse_api_duration("1d").value_or(0), 86'400'000);
  for (const std::string text : {"", "m", "5m3", "1e300", "NaN", "5 m"})
    EXPECT_FALSE(parse_api_duration(text)) << text;
}

TEST(ApiParameters, ARangeIsCheckedBeforeItIsAsked) {
  const auto question =
      parse_range(parameters({{"query", "up"}, {"start", "10"}, {"end", "20"}, {"step", "5s"}}));
  ASSERT_TRUE(question) << question.error().what;
  EXPECT_EQ(question->start_ms, 10'000);
  EXPECT_EQ(question->step_ms, 5'000);
  const auto refused = [](const std::string& start, const std::string& end, const std::string& step) {
    return parse_range(parameters({{"query", "up"}, {"start", start}, {"end", end}, {"step", step}}))
        .error()
        .what;
  };
  EXPECT_EQ(refused("x", "1", "1"), "invalid parameter \"start\": cannot parse \"x\" to a valid timestamp");
  EXPECT_EQ(refused("1", "", "1"), "invalid parameter \"end\": cannot parse \"\" to a valid timestamp");
  EXPECT_THAT(refused("2", "1", "1"), HasSubstr("end timestamp must not be before start time"));
  EXPECT_THAT(refused("1", "2", "0"), HasSubstr("zero or negative"));
  EXPECT_THAT(refused("0", "11001", "1"), HasSubstr("exceeded maximum resolution of 11,000 points"));
}

TEST(ApiParameters, SelectorsAreTheMatchesOrEverything) {
  EXPECT_EQ(parse_selections({})->size(), 1u);
  const auto two = parse_selections(
      parameters({{"match[]", "up"}, {"match[]", "{job=\"a\"}"}, {"start", "5"}, {"end", "6"}}));
  ASSERT_TRUE(two);
  ASSERT_EQ(two->size(), 2u);
  EXPECT_EQ((*two)[0].begin_ms, 4'999) << "the first moment is of it";
  EXPECT_EQ((*two)[1].matchers[0].value, "a");
  EXPECT_THAT(parse_selections(parameters({{"match[]", "up{"}})).error().what,
              HasSubstr("invalid parameter \"match[]\""));
  EXPECT_FALSE(parse_selections(parameters({{"match[]", ""}})));
}

TEST(ApiParameters, BoundsAreNeverWiderThanOurs) {
  const milliseconds most(1'000);
  EXPECT_EQ(parse_bounds({}, most)->timeout, most);
  EXPECT_EQ(parse_bounds(parameters({{"timeout", "5m"}}), most)->timeout, most);
  EXPECT_EQ(parse_bounds(parameters({{"timeout", "0.1"}, {"limit", "7"}}), most)->timeout, milliseconds(100));
  EXPECT_EQ(parse_bounds(parameters({{"limit", "7"}}), most)->limit, 7u);
  EXPECT_EQ(parse_bounds(parameters({{"lookback_delta", "1m"}}), most)->lookback_ms, 60'000);
  EXPECT_FALSE(parse_bounds(parameters({{"limit", "-1"}}), most));
  EXPECT_FALSE(parse_bounds(parameters({{"timeout", "soon"}}), most));
}

TEST(ApiParameters, ALabelInAPathMayBeEscaped) {
  EXPECT_EQ(unescape_label_name("job"), "job");
  EXPECT_EQ(unescape_label_name("U__with_2e_dot__s"), "with.dot_s");
  EXPECT_EQ(unescape_label_name("U___e4__1f600_"), "ä😀");
  EXPECT_EQ(unescape_label_name("U__broken_zz_"), "U__broken_zz_");
  EXPECT_EQ(unescape_label_name("U___d800_"), "U___d800_");
}

}  // namespace
}  // namespace ullage::server
