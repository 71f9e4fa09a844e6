// SPDX-License-Identifier: Apache-2.0
// The files of a send queue's folder: segments by number, and how far they are settled
// (docs/formats/send-queue.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ullage::history {

constexpr std::uint64_t kSegmentHeadBytes = 8;

struct QueueSegment {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;   // that are whole
  std::uint64_t unread = 0;  // samples
};

struct QueuePosition {
  std::uint64_t segment = 0;
  std::uint64_t offset = 0;
};

struct QueueSegments {
  std::vector<QueueSegment> segments;  // those that are not settled, the oldest first
  std::uint64_t damaged_bytes = 0;     // at the ends of segments, where a write was cut off
};

// Looks at all segments, and removes those that were settled. A segment of a newer version is an error.
Result<QueueSegments> list_queue_segments(const std::string& folder);
std::string queue_segment_path(const std::string& folder, std::uint64_t number);
// With its head; nothing stays of it after an error.
Result<FileDescriptor> create_queue_segment(const std::string& folder, std::uint64_t number);
// At an offset; after an error the file ends there.
Result<void> write_queue_bytes(int file, std::uint64_t offset, std::string_view bytes);

// Fewer where the file ends.
Result<std::string> read_queue_bytes(const std::string& path, std::uint64_t offset, std::uint64_t size);

// Zeros where none is written, or it is damaged: then all is sent once more.
QueuePosition read_queue_position(const std::string& folder);
Result<void> write_queue_position(const std::string& folder, QueuePosition position);

}  // namespace ullage::history
