// SPDX-License-Identifier: Apache-2.0
#include "metric/series.h"

#include <gtest/gtest.h>

namespace ullage::metric {
namespace {

TEST(SeriesTable, GivesTheSameIdForTheSameLabelsInAnyOrder) {
  SeriesTable table;
  const SeriesId a = table.id("up", {{"job", "x"}, {"host", "y"}});
  EXPECT_EQ(table.id("up", {{"host", "y"}, {"job", "x"}}), a);
  EXPECT_NE(table.id("up"), a);
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(table.key(a).text(), R"(up{host="y",job="x"})");
  EXPECT_EQ(table.key(a).label("job"), "x");
}

TEST(SeriesTable, GivesTheIdOfAForgottenSeriesToAnother) {
  SeriesTable table;
  const SeriesId a = table.id("a"), b = table.id("b");
  table.forget(a);
  EXPECT_EQ(table.id("c"), a);
  EXPECT_EQ(table.key(a).text(), "c");
  EXPECT_EQ(table.id("b"), b);
  EXPECT_NE(table.id("a"), a);
  EXPECT_EQ(table.size(), 3u);
}

TEST(SeriesKey, EscapesWhatTheExpositionFormatMust) {
  const SeriesKey key{"up", {{"command", "a\"b\\c\nd"}}};
  EXPECT_EQ(key.text(), R"(up{command="a\"b\\c\nd"})");
}

}  // namespace
}  // namespace ullage::metric
