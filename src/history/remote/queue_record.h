// SPDX-License-Identifier: Apache-2.0
// One record of a send queue's segment: samples of one moment, and the keys of those series that the segment
// has not named yet (docs/formats/send-queue.md). Pure: values in, bytes out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "metric/series.h"

namespace ullage::history {

constexpr std::size_t kRecordHeadBytes = 12;
constexpr std::size_t kRecordBytesMax = 16u << 20;

// What stands before a record's payload.
struct RecordHead {
  std::uint32_t payload_bytes;
  std::uint32_t samples;
  std::uint32_t checksum;  // of the eight bytes before it and the payload
};
RecordHead parse_record_head(std::string_view bytes);  // kRecordHeadBytes of them

struct RecordSample {
  std::uint32_t series;  // ids are a segment's own: 0, 1, 2 … in the order in which their keys come
  std::uint64_t bits;    // of the value, exclusive-or those of the series' value before in this segment
};

struct QueueRecord {
  std::int64_t time_ms = 0;
  std::vector<metric::SeriesKey> new_keys;
  std::vector<RecordSample> samples;  // by ascending id
};

// Head and payload; more than kRecordBytesMax is an error.
Result<std::string> encode_record(const QueueRecord& record);
// Of a payload whose checksum is right.
Result<QueueRecord> parse_record(std::string_view payload, std::uint32_t samples);
bool is_whole(const RecordHead& head, std::string_view head_bytes, std::string_view payload);

}  // namespace ullage::history
