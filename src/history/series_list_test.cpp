// SPDX-License-Identifier: Apache-2.0
#include "history/series_list.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "history/envelope.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

std::vector<metric::SeriesKey> keys_of(std::string_view bytes) {
  const auto list = decode_series(bytes);
  EXPECT_TRUE(list) << list.error().text();
  std::vector<metric::SeriesKey> keys;
  for (std::size_t i = 0; list && i < list->size(); ++i) keys.push_back(list->key(i));
  return keys;
}

const std::vector<metric::SeriesKey> kSeries = {{"up", {{"instance", "host-1"}, {"job", "node"}}},
                                                {"up", {{"instance", "host-2"}, {"job", "node"}}},
                                                {"load", {}},
                                                {"up", {{"instance", "host-1"}, {"up", "load"}}},
                                                {"", {{"a", "\n\"é"}}}};

TEST(SeriesList, IsReadAsItWasWritten) {
  EXPECT_EQ(keys_of(encode_series(kSeries)), kSeries);
  EXPECT_TRUE(keys_of(encode_series({})).empty());
}

TEST(SeriesList, OfManySeriesThatAreAlikeTakesLittle) {
  std::vector<metric::SeriesKey> series;
  for (int i = 0; i < 10'000; ++i)
    series.push_back(
        {"up", {{"instance", "host-" + std::to_string(i)}, {"zone", "z" + std::to_string(i % 3)}}});
  const std::string bytes = encode_series(series);
  EXPECT_LT(bytes.size(), 10'000u);
  EXPECT_EQ(keys_of(bytes), series);
}

TEST(SeriesList, OfTheFirstVersionIsJson) {
  const std::string bytes = seal("UBS\x01", R"([["up",{"job":"node","instance":"host-1"}],["load",{}]])");
  EXPECT_EQ(keys_of(bytes), (std::vector<metric::SeriesKey>{{"up", {{"instance", "host-1"}, {"job", "node"}}},
                                                            {"load", {}}}));
  for (const char* json : {"", "{}", "[1]", R"([["up"]])", R"([["up",{"a":1}]])"})
    EXPECT_FALSE(decode_series(seal("UBS\x01", json))) << json;
}

TEST(SeriesList, CutOrChangedBytesAreNoList) {
  // Two texts, a and ab; one series with one label: its name is the first text, label and value the second.
  const std::string payload{2, 1, 0, 1, 'a', 1, 1, 'b', 1, 1, 2, 2};
  const auto list = parse_list_payload(payload);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->key(0), (metric::SeriesKey{"a", {{"ab", "ab"}}}));
  for (std::size_t size = 0; size < payload.size(); ++size)
    EXPECT_FALSE(parse_list_payload(std::string_view(payload).substr(0, size))) << size;
  EXPECT_FALSE(parse_list_payload(payload + "x"));
  std::string damaged = payload;
  damaged[2] = '\x01';  // shares more than there is before it
  EXPECT_FALSE(parse_list_payload(damaged));
  damaged = payload;
  damaged[11] = '\x03';  // the third of two texts
  EXPECT_FALSE(parse_list_payload(damaged));
  EXPECT_FALSE(parse_list_payload("\xff\xff\xff\xff\x0f\x01"));
}

}  // namespace
}  // namespace ullage::history
