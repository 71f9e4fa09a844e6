// SPDX-License-Identifier: Apache-2.0
#include "base/csv.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ullage {
namespace {

std::string field(std::string_view text) {
  std::string out;
  append_csv_field(out, text);
  return out;
}

TEST(Csv, OnlyWhatWouldBreakALineIsQuoted) {
  EXPECT_EQ(field(""), "");
  EXPECT_EQ(field("up 1"), "up 1");
  EXPECT_EQ(field("a,b"), "\"a,b\"");
  EXPECT_EQ(field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(field("two\r\nlines"), "\"two\r\nlines\"");
}

}  // namespace
}  // namespace ullage
