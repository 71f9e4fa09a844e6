// SPDX-License-Identifier: Apache-2.0
#include "history/block_payload.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/column.h"
#include "history/varint.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

tl::unexpected<Error> damaged(const char* part) {
  return fail("the block's " + std::string(part) + " is damaged");
}

// Differences wrap around on purpose: any 64 bits must come back as they went in.
std::int64_t wrapping_minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t wrapping_plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

char* write_times(char* at, const std::vector<std::int64_t>& times_ms) {
  std::int64_t last = 0;
  std::int64_t last_delta = 0;
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    const std::int64_t delta = wrapping_minus(times_ms[i], last);
    at = write_varint(at, zigzag(wrapping_minus(delta, last_delta)));
    last_delta = i == 0 ? 0 : delta;  // the first is the time itself, which says nothing about the next
    last = times_ms[i];
  }
  return at;
}

void read_times(VarintReader& in, std::vector<std::int64_t>& times_ms) {
  std::int64_t last = 0;
  std::int64_t last_delta = 0;
  for (std::size_t i = 0; i < times_ms.size(); ++i) {
    const std::int64_t delta = wrapping_plus(last_delta, in.signed_varint());
    last = wrapping_plus(last, delta);
    last_delta = i == 0 ? 0 : delta;
    times_ms[i] = last;
  }
}

std::string encode_head(const Block& block, std::span<const std::size_t> column_ends) {
  const std::size_t ticks = block.times_ms.size();
  const std::size_t columns = block.series.size();
  std::string head((2 + ticks + 2 * columns) * kVarintBytesMax, '\0');
  char* at = write_varint(head.data(), ticks);
  at = write_varint(at, columns);
  at = write_times(at, block.times_ms);
  std::int64_t last = -1;
  for (const metric::SeriesId id : block.series) {
    at = write_varint(at, zigzag(std::int64_t{id} - last - 1));
    last = id;
  }
  std::size_t begin = 0;
  for (const std::size_t end : column_ends) {
    at = write_varint(at, end - begin);
    begin = end;
  }
  head.resize(static_cast<std::size_t>(at - head.data()));
  return head;
}

}  // namespace

EncodedPayload encode_payload(const Block& block) {
  const std::size_t ticks = block.times_ms.size();
  const std::size_t columns = block.series.size();
  check(ticks <= kTicksPerBlock && ticks * columns <= kSamplesPerBlock, "a block is within its limits");
  check(block.columns.size() == columns, "a block has a column for each series");

  std::string data;
  std::vector<std::size_t> column_ends;
  column_ends.reserve(columns);
  ColumnEncoder encoder;
  for (const std::vector<double>& column : block.columns) {
    check(column.size() == ticks, "a column has a value for each tick");
    encoder.append(column, data);
    column_ends.push_back(data.size());
  }

  EncodedPayload payload{.bytes = encode_head(block, column_ends), .ends = {}};
  const std::size_t head_size = payload.bytes.size();
  payload.ends.reserve(columns + 1);
  payload.ends.push_back(head_size);
  for (const std::size_t end : column_ends) payload.ends.push_back(head_size + end);
  payload.bytes += data;
  return payload;
}

Result<PayloadHead> parse_payload_head(std::string_view payload, std::size_t payload_size) {
  VarintReader in(payload);
  const std::uint64_t ticks = in.varint();
  const std::uint64_t columns = in.varint();
  // A column takes two bytes of the head at least, and a tick one: more than there are bytes is a lie.
  if (in.failed() || ticks > kTicksPerBlock || columns > kSamplesPerBlock ||
      ticks + 2 * columns > in.left() || ticks * columns > kSamplesPerBlock)
    return damaged("size");

  PayloadHead head;
  head.times_ms.resize(ticks);
  read_times(in, head.times_ms);
  if (in.failed()) return damaged("list of times");

  head.series.reserve(columns);
  std::int64_t last = -1;
  for (std::uint64_t i = 0; i < columns; ++i) {
    last = wrapping_plus(last, wrapping_plus(in.signed_varint(), 1));
    if (last < 0 || last > std::int64_t{UINT32_MAX}) return damaged("list of series");
    head.series.push_back(static_cast<metric::SeriesId>(last));
  }

  head.column_ends.resize(columns);  // their sizes, at first
  std::uint64_t sum = 0;
  for (std::uint32_t& size : head.column_ends) {
    const std::uint64_t read = in.varint();
    if (read > payload_size - sum) return damaged("list of columns");
    size = static_cast<std::uint32_t>(read);
    sum += read;
  }
  if (in.failed()) return damaged("list of columns");
  head.columns_begin = payload.size() - in.left();
  std::size_t end = head.columns_begin;
  for (std::uint32_t& size : head.column_ends) {
    end += size;
    size = static_cast<std::uint32_t>(end);
  }
  if (end != payload_size) return damaged("list of columns");
  return head;
}

Result<void> parse_column(std::string_view bytes, std::span<double> values) {
  if (!read_column(bytes, values)) return damaged("column");
  return {};
}

}  // namespace ullage::history
