// SPDX-License-Identifier: Apache-2.0
#include "history/block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/Assertions.h>
#include <rapidcheck/Gen.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <rapidcheck/gen/Arbitrary.hpp>
#include <rapidcheck/gen/Container.hpp>
#include <rapidcheck/gen/Numeric.hpp>
#include <rapidcheck/gen/Select.hpp>
#include <rapidcheck/gen/Transform.hpp>
#include <utility>
#include <vector>

#include "history/block_payload.h"
#include "history/checksum.h"
#include "history/envelope.h"
#include "metric/series.h"

namespace ullage::history {
namespace {

std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }

void expect_same(const Block& got, const Block& put) {
  EXPECT_EQ(got.times_ms, put.times_ms);
  EXPECT_EQ(got.series, put.series);
  ASSERT_EQ(got.columns.size(), put.columns.size());
  for (std::size_t c = 0; c < put.columns.size(); ++c) {
    ASSERT_EQ(got.columns[c].size(), put.columns[c].size());
    for (std::size_t t = 0; t < put.columns[c].size(); ++t)
      ASSERT_EQ(bits(got.columns[c][t]), bits(put.columns[c][t])) << "column " << c << ", tick " << t;
  }
}

Block one_column(std::vector<double> values) {
  Block block;
  for (std::size_t i = 0; i < values.size(); ++i)
    block.times_ms.push_back(1'700'000'000'000 + 1000 * static_cast<std::int64_t>(i));
  block.series = {7};
  block.columns = {std::move(values)};
  return block;
}

Block typical() {
  Block block;
  for (int i = 0; i < 120; ++i) block.times_ms.push_back(1'700'000'000'000 + std::int64_t{1000} * i + i % 3);
  block.series = {3, 4, 9, 1000};
  block.columns.resize(4);
  for (int i = 0; i < 120; ++i) {
    block.columns[0].push_back(4096.0 * (1000 + i * i % 17));
    block.columns[1].push_back(i < 30 ? kAbsent : 0.01 * i);
    block.columns[2].push_back(i * 1.1 / 3);
    block.columns[3].push_back(5);
  }
  return block;
}

TEST(Checksum, IsTheOneOfRfc3720) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(""), 0u);
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(crc32c(bytes), crc32c_by_table(bytes)) << i;
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Block, ComesBackAsItWas) {
  const auto decoded = decode(encode(typical()));
  ASSERT_TRUE(decoded) << decoded.error().text();
  expect_same(*decoded, typical());
}

TEST(Block, OddValuesComeBackBitForBit) {
  using limits = std::numeric_limits<double>;
  const std::vector<double> odd = {0.0,
                                   -0.0,
                                   kAbsent,
                                   limits::quiet_NaN(),
                                   std::bit_cast<double>(0xfff8000000012345ull),
                                   limits::infinity(),
                                   -limits::infinity(),
                                   limits::denorm_min(),
                                   limits::max(),
                                   limits::lowest(),
                                   limits::min(),
                                   limits::epsilon(),
                                   0x1p53,
                                   0x1p53 + 2,
                                   0x1p60,
                                   0x1p62,
                                   0x1p63,
                                   -0x1p63,
                                   0x1p64,
                                   0.1,
                                   1e-12,
                                   1e-13,
                                   1e22,
                                   123456789.123456789,
                                   4503599627370497.5,
                                   0x1p51 - 0.5,
                                   1e300};
  for (const double a : odd)
    for (const double b : odd) {
      const Block block = one_column({a, b, b, a});
      const auto decoded = decode(encode(block));
      ASSERT_TRUE(decoded);
      expect_same(*decoded, block);
    }
  const auto all = decode(encode(one_column(odd)));
  ASSERT_TRUE(all);
  expect_same(*all, one_column(odd));
}

TEST(Block, OfNothingComesBack) {
  for (const Block& block : {Block{}, Block{{5}, {}, {}}, Block{{}, {1, 2}, {{}, {}}}}) {
    const auto decoded = decode(encode(block));
    ASSERT_TRUE(decoded) << decoded.error().text();
    expect_same(*decoded, block);
  }
}

TEST(Block, DecimalsAreSmall) {
  Block block = one_column({});
  for (int i = 0; i < 600; ++i) {
    block.times_ms.push_back(std::int64_t{1000} * i);
    block.columns[0].push_back(0.01 * std::floor(i / 4.0) + 1234.5);
  }
  block.times_ms.resize(block.columns[0].size());
  EXPECT_LT(encode(block).size(), 120u);
}

// Any bits at all, and runs that look like measurements.
rc::Gen<double> any_double() {
  return rc::gen::oneOf(rc::gen::map(rc::gen::arbitrary<std::uint64_t>(),
                                     [](std::uint64_t b) { return std::bit_cast<double>(b); }),
                        rc::gen::map(rc::gen::inRange<std::int64_t>(-100'000, 100'000),
                                     [](std::int64_t i) { return static_cast<double>(i) / 100; }),
                        rc::gen::map(rc::gen::inRange<std::int64_t>(0, 1'000'000),
                                     [](std::int64_t i) { return 4096.0 * static_cast<double>(i); }),
                        rc::gen::map(rc::gen::arbitrary<double>(), [](double d) { return d; }),
                        rc::gen::element(kAbsent, 0.0, -0.0, std::numeric_limits<double>::infinity()));
}

RC_GTEST_PROP(BlockProperty, AnythingComesBackBitForBit, ()) {
  Block block;
  const auto ticks = *rc::gen::inRange<std::size_t>(0, 40);
  block.times_ms = *rc::gen::container<std::vector<std::int64_t>>(ticks, rc::gen::arbitrary<std::int64_t>());
  block.series = *rc::gen::container<std::vector<metric::SeriesId>>(*rc::gen::inRange<std::size_t>(0, 10),
                                                                    rc::gen::arbitrary<metric::SeriesId>());
  for (std::size_t i = 0; i < block.series.size(); ++i)
    block.columns.push_back(*rc::gen::container<std::vector<double>>(ticks, any_double()));
  const auto decoded = decode(encode(block));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(decoded->times_ms == block.times_ms);
  RC_ASSERT(decoded->series == block.series);
  for (std::size_t c = 0; c < block.columns.size(); ++c)
    for (std::size_t t = 0; t < ticks; ++t)
      RC_ASSERT(bits(decoded->columns[c][t]) == bits(block.columns[c][t]));
}

RC_GTEST_PROP(BlockProperty, MeasurementsComeBackBitForBit, ()) {
  const auto kind = *rc::gen::inRange(0, 4);
  std::vector<double> values;
  std::int64_t sum = *rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000'000);
  for (const int step : *rc::gen::container<std::vector<int>>(200, rc::gen::inRange(-5, 1000))) {
    sum += step;
    const auto whole = static_cast<double>(sum);
    values.push_back(kind == 0 ? whole : kind == 1 ? whole / 100 : kind == 2 ? whole / 1e6 : whole * 1e-9);
    if (step % 97 == 0) values.back() = kAbsent;
  }
  const Block block = one_column(values);
  const auto decoded = decode(encode(block));
  RC_ASSERT(decoded.has_value());
  for (std::size_t t = 0; t < values.size(); ++t) RC_ASSERT(bits(decoded->columns[0][t]) == bits(values[t]));
}

TEST(DamagedBlock, CutAnywhereIsAnError) {
  const std::string whole = encode(typical());
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_FALSE(decode(whole.substr(0, size))) << size;
  EXPECT_FALSE(decode(whole + '\0'));
}

TEST(DamagedBlock, AnyFlippedBitIsAnError) {
  std::string bytes = encode(typical());
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(decode(bytes)) << bit;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
  }
}

TEST(DamagedBlock, SaysWhatIsWrong) {
  EXPECT_THAT(decode("").error().text(), testing::HasSubstr("cut off"));
  EXPECT_THAT(decode("SQLite format 3").error().text(), testing::HasSubstr("something else"));
  std::string newer = encode(typical());
  newer[3] = 3;
  newer.resize(newer.size() - 4);
  const std::uint32_t checksum = crc32c(newer);
  for (int shift = 0; shift < 32; shift += 8) newer += static_cast<char>(checksum >> shift);
  EXPECT_THAT(decode(newer).error().text(), testing::HasSubstr("version 3"));
}

TEST(BlockView, GivesSingleColumns) {
  const auto view = BlockView::open(encode(typical()));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->series(), typical().series);
  std::vector<double> values;
  ASSERT_TRUE(view->read_column(2, values));
  EXPECT_EQ(values, typical().columns[2]);
}

// Columns that fill several pieces, asked for in any order.
TEST(BlockView, DecompressesOnlyThePieceOfAColumn) {
  Block block;
  for (int tick = 0; tick < 600; ++tick) block.times_ms.push_back(tick);
  for (metric::SeriesId id = 0; id < 64; ++id) {
    block.series.push_back(id);
    std::vector<double>& column = block.columns.emplace_back();
    for (int tick = 0; tick < 600; ++tick)
      column.push_back(id % 7 == 0 ? id : tick * (tick ^ 1234) % 999 + id);
  }
  const auto view = BlockView::open(encode(block));
  ASSERT_TRUE(view);
  EXPECT_LT(view->memory_bytes(), 64u * 600);
  std::vector<double> values;
  for (std::size_t i = 0; i < 640; ++i) {
    ASSERT_TRUE(view->read_column(i * 37 % 64, values));
    ASSERT_EQ(values, block.columns[i * 37 % 64]);
  }
}

TEST(BlockView, ReadsVersionOneForEver) {
  const EncodedPayload payload = encode_payload(typical());
  const auto decoded = decode(seal("UBK\x01", payload.bytes));
  ASSERT_TRUE(decoded) << decoded.error().text();
  EXPECT_EQ(decoded->times_ms, typical().times_ms);
  EXPECT_EQ(decoded->columns[2], typical().columns[2]);
}

TEST(DamagedBlock, PiecesThatCutAColumnAreAnError) {
  const EncodedPayload payload = encode_payload(typical());
  const std::string whole = payload.bytes;
  std::size_t errors = 0;
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    const std::string_view pieces[] = {std::string_view(whole).substr(0, cut),
                                       std::string_view(whole).substr(cut)};
    const auto decoded = decode(seal("UBK\x02", pieces));
    EXPECT_TRUE(!decoded || decoded->columns[2] == typical().columns[2]);
    errors += decoded ? 0 : 1;
  }
  EXPECT_GT(errors, 0u);
}

}  // namespace
}  // namespace ullage::history
