// SPDX-License-Identifier: Apache-2.0
#include "metric/sample_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>

#include "metric/exposition.h"

namespace ullage::metric {
namespace {

TEST(SampleText, SecondsAreExactToTheMillisecond) {
  for (const auto& [time_ms, text] : {std::pair<std::int64_t, std::string>{0, "0"},
                                      {1, "0.001"},
                                      {1500, "1.5"},
                                      {-1, "-0.001"},
                                      {-1500, "-1.5"},
                                      {1'700'000'000'120, "1700000000.12"},
                                      {10, "0.01"},
                                      {60'000, "60"}}) {
    std::string out;
    append_seconds(out, time_ms);
    EXPECT_EQ(out, text);
    EXPECT_EQ(parse_seconds(text), time_ms);
  }
  std::string least;
  append_seconds(least, INT64_MIN);
  EXPECT_EQ(least, "-9223372036854775.808");
  for (const char* wrong : {"", "x", "1 ", "NaN", "+Inf", "1e13", "--1", "+-1"})
    EXPECT_FALSE(parse_seconds(wrong)) << wrong;
}

TEST(SampleText, NamesAreOldOnesOrQuoted) {
  EXPECT_TRUE(is_legacy_name("a_b9", false));
  EXPECT_TRUE(is_legacy_name("a:b", true));
  for (const char* name : {"", "9a", "a:b", "a.b", "ü", "a b"})
    EXPECT_FALSE(is_legacy_name(name, false)) << name;
  std::string out;
  append_labels(out, {{"a", "x\"\\\n"}, {"b.c", ""}});
  EXPECT_EQ(out, R"(a="x\"\\\n","b.c"="")");
}

}  // namespace
}  // namespace ullage::metric
