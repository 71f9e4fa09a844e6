// SPDX-License-Identifier: Apache-2.0
// One block: the values of up to 64 series over up to 600 ticks, with the ticks' timestamps, as bytes
// (decimal scaling, delta, varint, zstd; a checksum over all). The format is docs/formats/block.md.
// Pure: values in, bytes out; no file, no clock.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metric/series.h"

namespace ullage::history {

constexpr std::size_t kSeriesPerBlock = 64;
constexpr std::size_t kTicksPerBlock = 600;

// A column a series; a value that is absent at a tick is the staleness NaN (kAbsent), bit for bit.
struct Block {
  std::vector<std::int64_t> times_ms;             // ascending
  std::vector<metric::SeriesId> series;           // one a column
  std::vector<std::vector<double>> columns;       // columns[i].size() == times_ms.size()
};

extern const double kAbsent;       // Prometheus's stale marker, 0x7ff0000000000002
bool is_absent(double value);      // compares bits: an ordinary NaN is a value

std::string encode(const Block& block);
Result<Block> decode(std::string_view bytes);  // never a silent wrong value: the checksum is looked at first

}  // namespace ullage::history
