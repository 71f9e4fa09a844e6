// SPDX-License-Identifier: Apache-2.0
#include "query/label_set.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "metric/series.h"

namespace ullage::query {
namespace {

LabelSet labels(metric::Labels given) { return LabelSet(std::move(given)); }

TEST(LabelSet, HoldsNameAndLabelsInOrder) {
  const LabelSet set(metric::SeriesKey{"up", {{"A", "1"}, {"job", "api"}}});
  EXPECT_EQ(set.text(), "up{A=\"1\", job=\"api\"}");
  EXPECT_EQ(set.name(), "up");
  EXPECT_EQ(set.value("job"), "api");
  EXPECT_EQ(set.value("none"), "");
  EXPECT_EQ(set.key(), (metric::SeriesKey{"up", {{"A", "1"}, {"job", "api"}}}));
  EXPECT_EQ(set, labels({{"job", "api"}, {"A", "1"}, {"__name__", "up"}, {"empty", ""}}));
}

TEST(LabelSet, LongTextsKeepTheirLength) {
  const std::string value(70'000, 'x');
  const LabelSet set = labels({{"a", value}, {"b", "2"}});
  EXPECT_EQ(set.value("a"), value);
  EXPECT_EQ(set.value("b"), "2");
}

TEST(LabelSet, PartsAndChanges) {
  const LabelSet set = labels({{"__name__", "up"}, {"a", "1"}, {"b", "2"}});
  EXPECT_EQ(set.only(std::vector<std::string>{"a", "c"}).text(), "{a=\"1\"}");
  EXPECT_EQ(set.without(std::vector<std::string>{"a"}).text(), "up{b=\"2\"}");
  EXPECT_EQ(set.without_metadata().text(), "{a=\"1\", b=\"2\"}");
  EXPECT_EQ(set.with("aa", "3").text(), "up{a=\"1\", aa=\"3\", b=\"2\"}");
  EXPECT_EQ(set.with("b", "3").text(), "up{a=\"1\", b=\"3\"}");
  EXPECT_EQ(set.with("z", "3").text(), "up{a=\"1\", b=\"2\", z=\"3\"}");
  EXPECT_EQ(set.with("a", "").text(), "up{b=\"2\"}");
}

TEST(LabelSet, SortsLabelByLabel) {
  EXPECT_LT(labels({{"a", "1"}}), labels({{"a", "10"}}));
  EXPECT_LT(labels({{"a", "10"}}), labels({{"a", "9"}}));
  EXPECT_LT(labels({{"a", "1"}}), labels({{"a", "1"}, {"b", "1"}}));
  EXPECT_LT(labels({{"a", "2"}}), labels({{"b", "1"}}));
  EXPECT_LT(LabelSet(), labels({{"a", "1"}}));
}

// Known answers of XXH64, seed 0.
TEST(LabelSet, HashIsXxh64) {
  EXPECT_EQ(xxhash64(""), 0xef46db3751d8e999ULL);
  EXPECT_EQ(xxhash64("a"), 0xd24ec4f1a98c6e5bULL);
  EXPECT_EQ(xxhash64("abc"), 0x44bc2cf5ad770999ULL);
  EXPECT_EQ(xxhash64("Nobody inspects the spammish repetition"), 0xfbcea83c8a378bf1ULL);
}

}  // namespace
}  // namespace ullage::query
