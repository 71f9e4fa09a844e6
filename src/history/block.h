// SPDX-License-Identifier: Apache-2.0
// One block: the values of many series over some ticks, with the ticks' timestamps, as bytes (decimal
// scaling, delta, varint, zstd; a checksum over all). The format is docs/formats/block.md. A full block has
// 64 series and 600 ticks; the newest ticks of a file stand in smaller blocks of any number of series.
// Pure: values in, bytes out; no file, no clock.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metric/series.h"

namespace ullage::history {

constexpr std::size_t kSeriesPerBlock = 64;
constexpr std::size_t kTicksPerBlock = 600;
// What a block may hold at most: a bound on what a few hostile bytes can make a reader allocate.
constexpr std::size_t kSamplesPerBlock = 1u << 20;

// A column a series; a value that is absent at a tick is the staleness NaN (kAbsent), bit for bit.
struct Block {
  std::vector<std::int64_t> times_ms;        // ascending
  std::vector<metric::SeriesId> series;      // one a column
  std::vector<std::vector<double>> columns;  // columns[i].size() == times_ms.size()
};

// Prometheus's stale marker.
inline constexpr double kAbsent = std::bit_cast<double>(std::uint64_t{0x7ff0000000000002});
// Compares bits: an ordinary NaN is a value.
inline bool is_absent(double value) {
  return std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(kAbsent);
}

// A marker of staleness that somebody put into a history: in a block an absent value only says that its
// series was not measured at that tick. Among samples it is kAbsent again.
inline constexpr double kMarker = std::bit_cast<double>(std::uint64_t{0x7ff8'0000'57a1'e000});
inline bool is_marker(double value) {
  return std::bit_cast<std::uint64_t>(value) == std::bit_cast<std::uint64_t>(kMarker);
}

// At most kTicksPerBlock ticks and kSamplesPerBlock samples: more is the caller's mistake.
// Columns are compressed together until there are `piece_bytes` of them: less compresses worse, more makes
// who wants one column decompress more.
constexpr std::size_t kPieceBytes = 4096;
std::string encode(const Block& block, std::size_t piece_bytes = kPieceBytes);
Result<Block> decode(std::string_view bytes);  // never a silent wrong value: the checksum is looked at first

// A block that is opened but not unpacked: for who wants few of its columns. One thread at a time reads it.
class BlockView {
 public:
  static Result<BlockView> open(std::string_view bytes);

  const std::vector<std::int64_t>& times_ms() const { return times_ms_; }
  const std::vector<metric::SeriesId>& series() const { return series_; }
  // Values of the series at `index` of series(), one a tick; `values` is made to fit. Fastest in their order.
  Result<void> read_column(std::size_t index, std::vector<double>& values) const;
  std::size_t memory_bytes() const;

 private:
  struct Piece {
    std::size_t begin, end;                        // of the payload
    std::size_t compressed_begin, compressed_end;  // of compressed_; see open_seal
  };
  Result<std::string_view> piece_with(std::size_t begin, std::size_t end) const;

  std::string compressed_;
  std::vector<Piece> pieces_;
  mutable std::string open_;  // the piece that was used last
  mutable std::size_t open_piece_ = SIZE_MAX;
  std::vector<std::int64_t> times_ms_;
  std::vector<metric::SeriesId> series_;
  std::vector<std::uint32_t> column_ends_;  // in the payload
  std::size_t columns_begin_ = 0;
};

}  // namespace ullage::history
