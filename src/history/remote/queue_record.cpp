// SPDX-License-Identifier: Apache-2.0
#include "history/remote/queue_record.h"

#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "history/checksum.h"
#include "history/varint.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr int kCompressionLevel = 1;  // it is written once and soon read

void put_fixed(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> 8 * i & 0xFF);
}
std::uint64_t get_fixed(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << 8 * i;
  return value;
}

void put_varint(std::string& out, std::uint64_t value) {
  char bytes[kVarintBytesMax];
  out.append(bytes, static_cast<std::size_t>(write_varint(bytes, value) - bytes));
}
void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out += text;
}

std::string plain_payload(const QueueRecord& record) {
  std::string out;
  put_varint(out, zigzag(record.time_ms));
  put_varint(out, record.new_keys.size());
  for (const metric::SeriesKey& key : record.new_keys) {
    put_text(out, key.name);
    put_varint(out, key.labels.size());
    for (const auto& [name, value] : key.labels) {
      put_text(out, name);
      put_text(out, value);
    }
  }
  std::uint32_t before = 0;
  for (const RecordSample& sample : record.samples) {
    put_varint(out, sample.series - before);
    before = sample.series;
  }
  for (const RecordSample& sample : record.samples) put_fixed(out, sample.bits, 8);
  return out;
}

metric::SeriesKey read_key(VarintReader& reader) {
  metric::SeriesKey key;
  key.name = reader.take(reader.varint());
  for (std::uint64_t labels = reader.varint(); labels > 0 && !reader.failed(); --labels) {
    std::string name(reader.take(reader.varint()));
    key.labels.push_back({std::move(name), std::string(reader.take(reader.varint()))});
  }
  return key;
}

Result<std::string> unpack(std::string_view payload) {
  const unsigned long long size = ZSTD_getFrameContentSize(payload.data(), payload.size());
  if (size > kRecordBytesMax) return fail("a record of no legal size");  // unknown and error are large too
  std::string plain(size, '\0');
  const std::size_t got = ZSTD_decompress(plain.data(), plain.size(), payload.data(), payload.size());
  if (ZSTD_isError(got) != 0 || got != size) return fail("a record that cannot be unpacked");
  return plain;
}

}  // namespace

RecordHead parse_record_head(std::string_view bytes) {
  const auto word = [&](std::size_t at) {
    return static_cast<std::uint32_t>(get_fixed(bytes.substr(at, 4)));
  };
  return {word(0), word(4), word(8)};
}

bool is_whole(const RecordHead& head, std::string_view head_bytes, std::string_view payload) {
  return crc32c(std::string(head_bytes.substr(0, 8)) + std::string(payload)) == head.checksum;
}

Result<std::string> encode_record(const QueueRecord& record) {
  const std::string plain = plain_payload(record);
  if (plain.size() > kRecordBytesMax) return fail("more than one record can hold");
  std::string payload(ZSTD_compressBound(plain.size()), '\0');
  const std::size_t size =
      ZSTD_compress(payload.data(), payload.size(), plain.data(), plain.size(), kCompressionLevel);
  check(ZSTD_isError(size) == 0, "zstd compresses what fits its bound");
  payload.resize(size);
  std::string out;
  put_fixed(out, payload.size(), 4);
  put_fixed(out, record.samples.size(), 4);
  put_fixed(out, crc32c(out + payload), 4);
  return out + payload;
}

Result<QueueRecord> parse_record(std::string_view payload, std::uint32_t samples) {
  const auto plain = unpack(payload);
  if (!plain) return fail(plain.error());
  VarintReader reader(*plain);
  QueueRecord record;
  record.time_ms = reader.signed_varint();
  for (std::uint64_t keys = reader.varint(); keys > 0 && !reader.failed(); --keys)
    record.new_keys.push_back(read_key(reader));
  if (samples > reader.left() / 9) return fail("a record that ends too early");
  record.samples.resize(samples);
  std::uint64_t series = 0;
  for (RecordSample& sample : record.samples) {
    series += reader.varint();
    sample.series = static_cast<std::uint32_t>(series);
    if (series > UINT32_MAX) return fail("a record with an impossible series");
  }
  for (RecordSample& sample : record.samples) sample.bits = get_fixed(reader.take(8));
  if (reader.failed() || reader.left() > 0) return fail("a record of another size than it says");
  return record;
}

}  // namespace ullage::history
