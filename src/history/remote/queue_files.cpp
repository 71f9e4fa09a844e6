// SPDX-License-Identifier: Apache-2.0
#include "history/remote/queue_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "base/text.h"
#include "history/checksum.h"
#include "history/remote/queue_record.h"

namespace ullage::history {

namespace {

constexpr std::string_view kMagic = "ULSQ";
constexpr char kVersion = 1;
constexpr std::string_view kEnding = ".segment";

std::string head_of_segment() { return std::string(kMagic) + std::string({kVersion, 0, 0, 0}); }

std::vector<std::uint64_t> segment_numbers(const std::string& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(kEnding)) continue;
    const auto number = to_unsigned(std::string_view(name).substr(0, name.size() - kEnding.size()));
    if (number && queue_segment_path("", *number) == '/' + name) numbers.push_back(*number);
  }
  std::ranges::sort(numbers);
  return numbers;
}

// Goes from record to record by their heads: what is inside is looked at when it is read.
QueueSegment measure(int file, std::uint64_t number, std::uint64_t settled_bytes, std::uint64_t file_bytes) {
  QueueSegment segment{.number = number, .bytes = kSegmentHeadBytes, .unread = 0};
  while (true) {
    char bytes[kRecordHeadBytes];
    const auto got = ::pread(file, bytes, sizeof bytes, static_cast<off_t>(segment.bytes));
    if (got != static_cast<ssize_t>(sizeof bytes)) return segment;
    const RecordHead head = parse_record_head({bytes, sizeof bytes});
    const std::uint64_t end = segment.bytes + kRecordHeadBytes + head.payload_bytes;
    if (end > file_bytes) return segment;
    if (segment.bytes >= settled_bytes) segment.unread += head.samples;
    segment.bytes = end;
  }
}

}  // namespace

std::string queue_segment_path(const std::string& folder, std::uint64_t number) {
  return fmt::format("{}/{:010}{}", folder, number, kEnding);
}

Result<QueueSegments> list_queue_segments(const std::string& folder) {
  const QueuePosition settled = read_queue_position(folder);
  QueueSegments found;
  for (const std::uint64_t number : segment_numbers(folder)) {
    const std::string path = queue_segment_path(folder, number);
    auto file = open_file(path, O_RDONLY);
    if (!file) return pass_on(file);
    const off_t end = ::lseek(file->get(), 0, SEEK_END);
    const auto size = static_cast<std::uint64_t>(std::max<off_t>(end, 0));
    char head[kSegmentHeadBytes] = {};
    const bool is_ours = ::pread(file->get(), head, sizeof head, 0) == static_cast<ssize_t>(sizeof head) &&
                         std::string_view(head, 4) == kMagic;
    if (is_ours && std::string_view(head, sizeof head) != head_of_segment())
      return fail("was written by a newer Ullage", path,
                  "use that one, or remove the folder: what waits in it is lost");
    const std::uint64_t settled_bytes = settled.segment == number ? settled.offset : 0;
    const QueueSegment segment = is_ours ? measure(file->get(), number, settled_bytes, size) : QueueSegment{};
    found.damaged_bytes += size - segment.bytes;
    if (number < settled.segment || segment.unread == 0)
      ::unlink(path.c_str());
    else
      found.segments.push_back(segment);
  }
  return found;
}

Result<FileDescriptor> create_queue_segment(const std::string& folder, std::uint64_t number) {
  const std::string path = queue_segment_path(folder, number);
  auto file = open_file(path, O_CREAT | O_TRUNC | O_RDWR);
  if (!file) return file;
  if (auto written = write_queue_bytes(file->get(), 0, head_of_segment()); !written) {
    ::unlink(path.c_str());
    written.error().where = path;
    return pass_on(written);
  }
  return file;
}

Result<void> write_queue_bytes(int file, std::uint64_t offset, std::string_view bytes) {
  std::uint64_t at = offset;
  while (!bytes.empty()) {
    const ssize_t put = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) {
      const int reason = put < 0 ? errno : ENOSPC;
      (void)!::ftruncate(file, static_cast<off_t>(offset));
      return fail_errno("cannot write", {}, reason);
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
    at += static_cast<std::uint64_t>(put);
  }
  return {};
}

Result<std::string> read_queue_bytes(const std::string& path, std::uint64_t offset, std::uint64_t size) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return pass_on(file);
  std::string bytes(size, '\0');
  std::size_t used = 0;
  while (used < size) {
    const ssize_t got =
        ::pread(file->get(), bytes.data() + used, size - used, static_cast<off_t>(offset + used));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read", path, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  bytes.resize(used);
  return bytes;
}

namespace {

struct StoredPosition {
  std::uint64_t segment, offset;
  std::uint32_t checksum, unused;

  std::uint32_t right_checksum() const { return crc32c({reinterpret_cast<const char*>(this), 16}); }
};

std::string position_path(const std::string& folder) { return folder + "/settled"; }

}  // namespace

QueuePosition read_queue_position(const std::string& folder) {
  const auto bytes = read_file(position_path(folder));
  StoredPosition stored{};
  if (!bytes || bytes->size() != sizeof stored) return {};
  std::memcpy(&stored, bytes->data(), sizeof stored);
  return stored.checksum == stored.right_checksum() ? QueuePosition{stored.segment, stored.offset}
                                                    : QueuePosition{};
}

// In place, in one write of 24 bytes: a process that is killed has written it or has not.
Result<void> write_queue_position(const std::string& folder, QueuePosition position) {
  StoredPosition stored{position.segment, position.offset, 0, 0};
  stored.checksum = stored.right_checksum();
  auto file = open_file(position_path(folder), O_CREAT | O_WRONLY);
  if (!file) return pass_on(file);
  if (::pwrite(file->get(), &stored, sizeof stored, 0) != static_cast<ssize_t>(sizeof stored))
    return fail_errno("cannot write", position_path(folder), errno);
  return {};
}

}  // namespace ullage::history
