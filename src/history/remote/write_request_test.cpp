// SPDX-License-Identifier: Apache-2.0
#include "history/remote/write_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <snappy.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "history/block.h"
#include "history/series_file.h"

namespace ullage::history {
namespace {

using testing::HasSubstr;

std::string packed(std::string_view message) {
  std::string out;
  snappy::Compress(message.data(), message.size(), &out);
  return out;
}

TEST(WriteRequest, IsTheProtocolsBytes) {
  WriteRequest request;
  const std::vector<Sample> samples = {{1, 1.0}};
  request.add({"up", {{"Z", "b"}, {"a", ""}, {"job", "x"}}}, samples);
  std::string message;
  const std::string body = request.body();
  ASSERT_TRUE(snappy::Uncompress(body.data(), body.size(), &message));
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(message,
            "\x0a\x2f"
            "\x0a\x06\x0a\x01Z\x12\x01"
            "b"
            "\x0a\x0e\x0a\x08__name__\x12\x02up"
            "\x0a\x08\x0a\x03job\x12\x01x"
            "\x12\x0b\x09\x00\x00\x00\x00\x00\x00\xf0\x3f\x10\x01"sv);
}

TEST(WriteRequest, EveryValueComesBackBitForBit) {
  using Limits = std::numeric_limits<double>;
  const std::vector<double> values = {0.0,
                                      -0.0,
                                      Limits::quiet_NaN(),
                                      Limits::infinity(),
                                      -Limits::infinity(),
                                      Limits::denorm_min(),
                                      Limits::max(),
                                      kAbsent,
                                      0.1};
  std::vector<Sample> samples;
  for (const double value : values) samples.push_back({static_cast<std::int64_t>(samples.size()) - 3, value});
  WriteRequest request;
  request.add({"x", {{"a", "\xff"}, {"ü", "ö"}}}, samples);
  request.add({"y", {}}, {});
  const auto read = parse_write_request(request.body());
  ASSERT_TRUE(read) << read.error().text();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].key.text(), "x{a=\"\xEF\xBF\xBD\",ü=\"ö\"}");
  ASSERT_EQ((*read)[0].samples.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ((*read)[0].samples[i].time_ms, samples[i].time_ms);
    EXPECT_EQ(std::bit_cast<std::uint64_t>((*read)[0].samples[i].value),
              std::bit_cast<std::uint64_t>(values[i]));
  }
}

TEST(WriteRequest, NoPrefixAndNoFlippedBitIsACrash) {
  WriteRequest request;
  const std::vector<Sample> samples = {{1'700'000'000'000, 1.5}, {1'700'000'001'000, 2.5}};
  request.add({"some_name", {{"label", "value"}}}, samples);
  const std::string whole = request.body();
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(parse_write_request(whole.substr(0, size)));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    (void)parse_write_request(flipped);
  }
}

TEST(WriteRequest, WhatIsWrongIsSaid) {
  const auto failure = [](std::string_view message) {
    const auto read = parse_write_request(packed(message));
    return read ? std::string("none") : read.error().text();
  };
  using std::string_view_literals::operator""sv;
  EXPECT_EQ(failure(""), "none");
  EXPECT_EQ(failure("\x1a\x00\x22\x01x"sv), "none") << "metadata is passed over";
  EXPECT_THAT(failure("\x0a\x00"sv), HasSubstr("series 1: a series without a name"));
  EXPECT_THAT(failure("\x0a\x05\x0a"sv), HasSubstr("not a write request"));
  EXPECT_THAT(failure("\x0a\x02\x0a\x00"sv), HasSubstr("series 1: a label without a name"));
  EXPECT_THAT(failure("\x0a\x05\x0a\x03\x0a\x01\xff"sv), HasSubstr("not UTF-8"));
  EXPECT_THAT(failure("\x0a\x0a\x0a\x03\x0a\x01"
                      "a"
                      "\x0a\x03\x0a\x01"
                      "a"sv),
              HasSubstr("the label 'a' twice"));
  EXPECT_THAT(parse_write_request(packed(std::string(1000, '\0')), 999).error().text(),
              HasSubstr("larger than 999"));
  EXPECT_THAT(parse_write_request("\xff\xff\xff\xff\xff\xff").error().text(),
              HasSubstr("not a snappy block"));
}

}  // namespace
}  // namespace ullage::history
