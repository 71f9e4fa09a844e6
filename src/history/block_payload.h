// SPDX-License-Identifier: Apache-2.0
// What is inside a block before zstd and the checksum: timestamps, series and columns as varints. The
// grammar is docs/formats/block.md. Bytes that are no payload are an error, never a crash: a fuzzer enters
// here.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "history/block.h"

namespace ullage::history {

struct EncodedPayload {
  std::string bytes;
  std::vector<std::size_t> ends;  // in it, of the head and then of each column
};
EncodedPayload encode_payload(const Block& block);

struct PayloadHead {
  std::vector<std::int64_t> times_ms;
  std::vector<metric::SeriesId> series;
  std::vector<std::uint32_t> column_ends;  // offsets in the payload
  std::size_t columns_begin = 0;
};
// `payload` has the head at least; `size` is that of all of it.
Result<PayloadHead> parse_payload_head(std::string_view payload, std::size_t size);
inline Result<PayloadHead> parse_payload_head(std::string_view payload) {
  return parse_payload_head(payload, payload.size());
}
// One column's bytes to its values, as many as `values` has.
Result<void> parse_column(std::string_view bytes, std::span<double> values);

}  // namespace ullage::history
