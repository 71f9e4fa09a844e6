// SPDX-License-Identifier: Apache-2.0
#include "history/remote/send_queue.h"

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "history/remote/queue_files.h"
#include "history/remote/queue_record.h"
#include "history/store/folder_lock.h"
#include "history/store/sort_stably.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// What is known of a segment's series while it is written: ids are given out in the order of their first
// sample.
struct Writing {
  FileDescriptor file;  // of the newest segment; not open when the next append begins another
  std::unordered_map<metric::SeriesId, std::uint32_t> ids;
  std::vector<std::uint64_t> last_bits;
};

// The same while it is read.
struct Reading {
  std::string bytes;  // of the oldest segment, as far as it was there when it was last looked at
  std::uint64_t offset = 0;
  std::uint64_t settled = 0;       // the offset up to which all is done with
  std::size_t consumed = 0;        // of `bytes`
  std::uint64_t deliver_from = 0;  // what stands before was settled by an earlier process
  std::shared_ptr<std::deque<metric::SeriesKey>> keys;
  std::vector<std::uint64_t> last_bits;
};

// The record, and what writing it would make of the segment's state: that changes only once it is written.
struct Draft {
  QueueRecord record;
  std::vector<metric::SeriesId> new_ids;
  std::vector<std::pair<std::uint32_t, std::uint64_t>> bits;  // of each series in the record
};

Draft make_draft(std::int64_t time_ms, std::span<const metric::Value> values,
                 const metric::SeriesTable& table, const Writing& writing) {
  Draft draft;
  draft.record.time_ms = time_ms;
  auto next = static_cast<std::uint32_t>(writing.last_bits.size());
  std::unordered_map<metric::SeriesId, std::uint32_t> fresh;
  draft.bits.reserve(values.size());
  for (const metric::Value& value : values) {
    std::uint32_t id = 0;
    if (const auto known = writing.ids.find(value.series); known != writing.ids.end()) {
      id = known->second;
    } else {
      const auto [added, is_new] = fresh.try_emplace(value.series, next);
      if (is_new) {
        draft.new_ids.push_back(value.series);
        draft.record.new_keys.push_back(table.key(value.series));
        ++next;
      }
      id = added->second;
    }
    draft.bits.emplace_back(id, std::bit_cast<std::uint64_t>(value.value));
  }
  sort_stably(draft.bits, [](const auto& entry) { return entry.first; });
  const auto twice = std::ranges::unique(draft.bits, {}, [](const auto& entry) { return entry.first; });
  draft.bits.erase(twice.begin(), twice.end());
  for (const auto& [id, bits] : draft.bits)
    draft.record.samples.push_back({id, bits ^ (id < writing.last_bits.size() ? writing.last_bits[id] : 0)});
  return draft;
}

}  // namespace

struct SendQueue::Impl {
  std::string folder;
  SendQueueOptions options;
  FileDescriptor lock;
  std::deque<QueueSegment> segments;  // the oldest first; reading is in the front, writing in the back
  Writing writing;
  Reading reading;
  std::uint64_t crowded_samples = 0;
  std::uint64_t damaged_bytes = 0;

  Result<void> begin_segment();
  void drop_front();
  void make_room();
  bool is_written_to(const QueueSegment& segment) const {
    return writing.file.is_open() && segment.number == segments.back().number;
  }
  Result<void> look_at_front();
  // The next record of the front segment; nothing at its end.
  std::optional<QueueRecord> next_record();
  void give_up_front();
  void deliver(const QueueRecord& record, QueueBatch& batch);
};

Result<void> SendQueue::Impl::begin_segment() {
  const std::uint64_t number =
      segments.empty() ? read_queue_position(folder).segment + 1 : segments.back().number + 1;
  auto file = create_queue_segment(folder, number);
  if (!file) return pass_on(file);
  writing = {.file = std::move(*file), .ids = {}, .last_bits = {}};
  segments.push_back({.number = number, .bytes = kSegmentHeadBytes, .unread = 0});
  return {};
}

void SendQueue::Impl::drop_front() {
  ::unlink(queue_segment_path(folder, segments.front().number).c_str());
  segments.pop_front();
  reading = {};
}

void SendQueue::Impl::make_room() {
  std::uint64_t total = 0;
  for (const QueueSegment& segment : segments) total += segment.bytes;
  while (total > options.bytes_max && segments.size() > 1) {
    total -= segments.front().bytes;
    crowded_samples += segments.front().unread;
    drop_front();
  }
}

Result<void> SendQueue::append(std::int64_t time_ms, std::span<const metric::Value> values,
                               const metric::SeriesTable& table) {
  if (values.empty()) return {};
  Impl& impl = *impl_;
  const bool is_full = !impl.segments.empty() && impl.segments.back().bytes >= impl.options.segment_bytes;
  if (!impl.writing.file.is_open() || is_full) {
    if (auto begun = impl.begin_segment(); !begun) return begun;
  }
  Draft draft = make_draft(time_ms, values, table, impl.writing);
  const auto bytes = encode_record(draft.record);
  if (!bytes) return fail(bytes.error());
  QueueSegment& segment = impl.segments.back();
  if (auto written = write_queue_bytes(impl.writing.file.get(), segment.bytes, *bytes); !written) {
    written.error().where = queue_segment_path(impl.folder, segment.number);
    return written;
  }
  segment.bytes += bytes->size();
  segment.unread += draft.record.samples.size();
  auto next = static_cast<std::uint32_t>(impl.writing.last_bits.size());
  for (const metric::SeriesId id : draft.new_ids) impl.writing.ids.emplace(id, next++);
  impl.writing.last_bits.resize(next);
  for (const auto& [id, bits] : draft.bits) impl.writing.last_bits[id] = bits;
  impl.make_room();
  return {};
}

void SendQueue::forget(metric::SeriesId id) { impl_->writing.ids.erase(id); }

Result<void> SendQueue::Impl::look_at_front() {
  const QueueSegment& front = segments.front();
  if (reading.keys == nullptr) {
    reading.keys = std::make_shared<std::deque<metric::SeriesKey>>();
    reading.offset = kSegmentHeadBytes;
    const QueuePosition settled = read_queue_position(folder);
    reading.deliver_from = settled.segment == front.number ? settled.offset : 0;
    reading.settled = std::max(reading.offset, reading.deliver_from);
  }
  const std::uint64_t wanted = front.bytes - std::min(front.bytes, reading.offset);
  if (reading.bytes.size() - reading.consumed >= wanted) return {};
  auto bytes = read_queue_bytes(queue_segment_path(folder, front.number), reading.offset, wanted);
  if (!bytes) return pass_on(bytes);
  reading.bytes = std::move(*bytes);
  reading.consumed = 0;
  return {};
}

void SendQueue::Impl::give_up_front() {
  QueueSegment& front = segments.front();
  damaged_bytes += front.bytes - std::min(front.bytes, reading.offset);
  front.unread = 0;
  reading.offset = front.bytes;
  reading.bytes.clear();
  reading.consumed = 0;
  // Later records may speak of series that were named in what is lost.
  if (is_written_to(front)) writing = {};
}

std::optional<QueueRecord> SendQueue::Impl::next_record() {
  if (reading.offset >= segments.front().bytes) return std::nullopt;
  const std::string_view rest = std::string_view(reading.bytes).substr(reading.consumed);
  const std::string_view head_bytes = rest.substr(0, kRecordHeadBytes);
  if (head_bytes.size() == kRecordHeadBytes) {
    const RecordHead head = parse_record_head(head_bytes);
    const std::string_view payload = rest.substr(kRecordHeadBytes, head.payload_bytes);
    if (payload.size() == head.payload_bytes && is_whole(head, head_bytes, payload)) {
      if (auto record = parse_record(payload, head.samples)) {
        reading.offset += kRecordHeadBytes + payload.size();
        reading.consumed += kRecordHeadBytes + payload.size();
        return std::move(*record);
      }
    }
  }
  give_up_front();
  return std::nullopt;
}

void SendQueue::Impl::deliver(const QueueRecord& record, QueueBatch& batch) {
  const bool is_settled = reading.offset <= reading.deliver_from;
  QueueSegment& front = segments.front();
  for (const RecordSample& sample : record.samples) {
    if (sample.series >= reading.last_bits.size()) continue;  // never written so
    const std::uint64_t bits = reading.last_bits[sample.series] ^= sample.bits;
    if (!is_settled) batch.samples.push_back({sample.series, record.time_ms, std::bit_cast<double>(bits)});
  }
  if (!is_settled) front.unread -= std::min<std::uint64_t>(front.unread, record.samples.size());
}

Result<std::optional<QueueBatch>> SendQueue::read(std::size_t samples_max) {
  Impl& impl = *impl_;
  QueueBatch batch;
  while (!impl.segments.empty() && batch.samples.size() < samples_max) {
    if (auto looked = impl.look_at_front(); !looked) {
      if (looked.error().system_error != ENOENT) return pass_on(looked);
      impl.give_up_front();
    }
    while (batch.samples.size() < samples_max) {
      const auto record = impl.next_record();
      if (!record) break;
      if (!record->new_keys.empty()) {
        impl.reading.keys->insert(impl.reading.keys->end(), record->new_keys.begin(), record->new_keys.end());
        impl.reading.last_bits.resize(impl.reading.keys->size());
      }
      impl.deliver(*record, batch);
    }
    batch.keys = impl.reading.keys;
    if (!batch.samples.empty() || impl.reading.offset < impl.segments.front().bytes) break;
    if (impl.is_written_to(impl.segments.front())) break;
    impl.drop_front();
  }
  if (batch.samples.empty()) return std::nullopt;
  return batch;
}

Result<void> SendQueue::settle() {
  if (impl_->segments.empty() || impl_->reading.keys == nullptr) return {};
  impl_->reading.settled = impl_->reading.offset;
  return write_queue_position(impl_->folder, {impl_->segments.front().number, impl_->reading.offset});
}

SendQueue::SendQueue(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SendQueue::SendQueue(SendQueue&&) noexcept = default;
SendQueue& SendQueue::operator=(SendQueue&&) noexcept = default;
SendQueue::~SendQueue() = default;

Result<SendQueue> SendQueue::open(const std::string& folder, const SendQueueOptions& options) {
  if (auto made = make_folders(folder); !made) return pass_on(made);
  auto lock = lock_history(folder);
  if (!lock) {
    if (lock.error().system_error == EBUSY) lock.error().what = "another process has this queue";
    return pass_on(lock);
  }
  auto impl = std::make_unique<Impl>();
  impl->folder = folder;
  impl->options = options;
  impl->lock = std::move(*lock);
  auto found = list_queue_segments(folder);
  if (!found) return pass_on(found);
  impl->segments.assign(found->segments.begin(), found->segments.end());
  impl->damaged_bytes = found->damaged_bytes;
  return SendQueue(std::move(impl));
}

std::uint64_t SendQueue::bytes() const {
  std::uint64_t total = 0;
  for (const QueueSegment& segment : impl_->segments) total += segment.bytes;
  return total - std::min(total, impl_->reading.settled);
}
std::uint64_t SendQueue::samples() const {
  std::uint64_t total = 0;
  for (const QueueSegment& segment : impl_->segments) total += segment.unread;
  return total;
}
std::uint64_t SendQueue::crowded_samples() const { return impl_->crowded_samples; }
std::uint64_t SendQueue::damaged_bytes() const { return impl_->damaged_bytes; }

}  // namespace ullage::history
