// SPDX-License-Identifier: Apache-2.0
#include "base/moment.h"

#include <gmock/gmock.h>

#include <cstdint>

namespace ullage {
namespace {

constexpr std::int64_t kNow = 1'795'694'400'000;  // 2026-11-26T12:00:00Z

TEST(Moment, IsReadAsPeopleWriteIt) {
  const std::int64_t noon = kNow;
  for (const char* text : {"2026-11-26T12:00:00Z", "2026-11-26 12:00", "2026-11-26T14:00:00+02:00",
                           "2026-11-26t03:30:00.000-08:30", "1795694400", "1795694400.0", "now", "-0s"})
    EXPECT_EQ(parse_moment(text, kNow).value_or(-1), noon) << text;
  EXPECT_EQ(parse_moment("2026-11-26", kNow).value_or(-1), noon - 43'200'000);
  EXPECT_EQ(parse_moment("-5m", kNow).value_or(-1), noon - 300'000);
  EXPECT_EQ(parse_moment("2026-11-26T12:00:00.25Z", kNow).value_or(-1), noon + 250);
  EXPECT_EQ(parse_moment("0.001", kNow).value_or(-1), 1);
}

TEST(Moment, WhatIsNoneIsToldHowItReads) {
  for (const char* text :
       {"", "yesterday", "2026-13-01", "2026-02-30", "2026-11-26T25:00Z", "2026-11-26T12",
        "2026-11-26T12:00:00Zx", "2026-11-26T12:00:00+99:00", "-", "-x", "1e300", "nan", "5m"}) {
    const auto moment = parse_moment(text, kNow);
    ASSERT_FALSE(moment) << text;
    EXPECT_THAT(moment.error().text(), testing::HasSubstr("a moment reads as 2026-11-26T12:00:00Z"));
  }
}

TEST(Moment, IsWrittenInUtcAndReadBack) {
  EXPECT_EQ(format_moment(kNow), "2026-11-26T12:00:00.000Z");
  EXPECT_EQ(format_moment(kNow + 7), "2026-11-26T12:00:00.007Z");
  EXPECT_EQ(format_moment(-1), "1969-12-31T23:59:59.999Z");
  for (const std::int64_t time : {std::int64_t{0}, kNow, kNow + 999, std::int64_t{951'782'400'000}})
    EXPECT_EQ(parse_moment(format_moment(time), 0).value_or(-1), time);
}

}  // namespace
}  // namespace ullage
