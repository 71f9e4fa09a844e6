// SPDX-License-Identifier: Apache-2.0
#include "history/remote/remote_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/remote/send_queue.h"
#include "history/remote/send_schedule.h"
#include "history/remote/series_ends.h"
#include "history/remote/write_request.h"
#include "history/series_file.h"
#include "history/store/sort_stably.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// A batch that is not wanted as a whole is sent in halves, and those in halves, so many times: what is
// dropped with one bad sample is a 64th of a batch.
constexpr int kHalvingsMax = 6;

// A part of the batch.
struct Piece {
  std::size_t begin, end;
  int halvings;
  bool is_doubtful;  // sent before, and no answer was heard
  std::size_t size() const { return end - begin; }
};

metric::SeriesKey with_labels(const metric::SeriesKey& key, const metric::Labels& extra) {
  metric::SeriesKey labelled = key;
  for (const metric::Label& label : extra)
    if (key.label(label.name).empty()) labelled.labels.push_back(label);
  std::ranges::sort(labelled.labels);
  return labelled;
}

std::string body_of(const QueueBatch& batch, const Piece& piece, const metric::Labels& extra) {
  std::vector<QueuedSample> sorted(batch.samples.begin() + static_cast<std::ptrdiff_t>(piece.begin),
                                   batch.samples.begin() + static_cast<std::ptrdiff_t>(piece.end));
  sort_stably(sorted, &QueuedSample::series);
  WriteRequest request;
  std::vector<Sample> samples;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    samples.push_back({sorted[i].time_ms, sorted[i].value});
    const std::uint32_t series = sorted[i].series;
    if (i + 1 < sorted.size() && sorted[i + 1].series == series) continue;
    const metric::SeriesKey& key = (*batch.keys)[series];
    request.add(extra.empty() ? key : with_labels(key, extra), samples);
    samples.clear();
  }
  return request.body();
}

}  // namespace

struct RemoteWriter::Impl {
  RemoteWriteOptions options;
  SendQueue queue;
  BackOff back_off;
  SeriesEnds ends = SeriesEnds();
  RemoteWriteCounts counts = {};

  QueueBatch batch = {};
  std::vector<Piece> pieces = {};  // of the batch, to be sent from the back
  bool is_out = false;             // the last piece
  bool is_any_taken = false;       // of the batch
  bool may_halve = true;           // not after a batch of which nothing was wanted
  bool is_first_batch = true;
  Time not_before = Time::min();
  std::optional<Time> waiting_since = {};  // the oldest sample that was not read
  std::int64_t newest_ms = 0;              // that came
  std::int64_t settled_ms = 0;             // the newest of those that were sent or dropped; 0: not known

  void put(const metric::Tick& tick, const metric::SeriesTable& table);
  bool load(Time now);
  void note_settled(const Piece& piece);
  void drop(const Piece& piece, const SendOutcome& outcome);
  void halve_or_drop(const SendOutcome& outcome);
  void end_batch();
};

void RemoteWriter::Impl::put(const metric::Tick& tick, const metric::SeriesTable& table) {
  for (std::span<const metric::Value> rest(tick.values); !rest.empty();) {
    const std::span<const metric::Value> some = rest.first(std::min(rest.size(), options.batch_samples_max));
    rest = rest.subspan(some.size());
    auto put = queue.append(tick.time_ms, some, table);
    if (put) continue;
    counts.unwritten += some.size();
    counts.problem = put.error().text();
  }
}

// Reads the next batch when it is time for one.
bool RemoteWriter::Impl::load(Time now) {
  if (!waiting_since ||
      (queue.samples() < options.batch_samples_max && now - *waiting_since < options.batch_wait))
    return false;
  auto read = queue.read(options.batch_samples_max);
  if (!read) {
    counts.problem = read.error().text();
    waiting_since = now;  // tried again, as if it had just come
    return false;
  }
  waiting_since = queue.samples() > 0 ? std::optional(now) : std::nullopt;
  if (!*read) return false;
  batch = std::move(**read);
  if (settled_ms == 0) settled_ms = batch.samples.front().time_ms;
  // What the process before this one had sent last is at the front of what is left.
  pieces.push_back({0, batch.samples.size(), 0, is_first_batch});
  is_first_batch = false;
  is_any_taken = false;
  return true;
}

void RemoteWriter::Impl::note_settled(const Piece& piece) {
  settled_ms = std::max(settled_ms, batch.samples[piece.end - 1].time_ms);
}

void RemoteWriter::Impl::drop(const Piece& piece, const SendOutcome& outcome) {
  (piece.is_doubtful ? counts.doubtful : counts.refused) += piece.size();
  counts.problem = outcome.problem;
  note_settled(piece);
  pieces.pop_back();
}

void RemoteWriter::Impl::halve_or_drop(const SendOutcome& outcome) {
  const Piece whole = pieces.back();
  if (!may_halve || whole.halvings == kHalvingsMax || whole.size() == 1) return drop(whole, outcome);
  pieces.pop_back();
  const std::size_t middle = whole.begin + whole.size() / 2;
  pieces.push_back({middle, whole.end, whole.halvings + 1, whole.is_doubtful});
  pieces.push_back({whole.begin, middle, whole.halvings + 1, whole.is_doubtful});
}

void RemoteWriter::Impl::end_batch() {
  may_halve = is_any_taken;
  batch = {};
  if (auto settled = queue.settle(); !settled) counts.problem = settled.error().text();
}

RemoteWriter::RemoteWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RemoteWriter::RemoteWriter(RemoteWriter&&) noexcept = default;
RemoteWriter& RemoteWriter::operator=(RemoteWriter&&) noexcept = default;
RemoteWriter::~RemoteWriter() = default;

Result<RemoteWriter> RemoteWriter::open(const std::string& folder, const RemoteWriteOptions& options) {
  check(options.batch_samples_max > 0, "a batch holds samples");
  auto queue = SendQueue::open(folder, options.queue);
  if (!queue) return pass_on(queue);
  const bool is_backlog = queue->samples() > 0;
  auto impl = std::make_unique<Impl>(
      Impl{.options = options, .queue = std::move(*queue), .back_off = BackOff(options.back_off)});
  impl->is_first_batch = is_backlog;
  if (is_backlog) impl->waiting_since = Time::min() / 2;
  return RemoteWriter(std::move(impl));
}

void RemoteWriter::append(const metric::Tick& tick, const metric::SeriesTable& table, Time now) {
  impl_->put(tick, table);
  if (!tick.values.empty()) impl_->newest_ms = tick.time_ms;
  for (const metric::Tick& marker : impl_->ends.look(tick)) impl_->put(marker, table);
  if (!impl_->waiting_since && impl_->queue.samples() > 0) impl_->waiting_since = now;
}

bool RemoteWriter::awaits(metric::SeriesId id) const { return impl_->ends.is_live(id); }
void RemoteWriter::forget(metric::SeriesId id) { impl_->queue.forget(id); }

std::optional<std::string> RemoteWriter::next(Time now) {
  Impl& impl = *impl_;
  if (impl.is_out || now < impl.not_before) return std::nullopt;
  if (impl.pieces.empty() && !impl.load(now)) return std::nullopt;
  impl.is_out = true;
  ++impl.counts.requests;
  return body_of(impl.batch, impl.pieces.back(), impl.options.extra_labels);
}

void RemoteWriter::settle(const SendOutcome& outcome, Time now, double chance) {
  Impl& impl = *impl_;
  check(impl.is_out, "what is settled was sent");
  impl.is_out = false;
  Piece& piece = impl.pieces.back();
  const Verdict verdict = judge(outcome);
  impl.counts.is_taken = verdict == Verdict::taken;
  if (verdict == Verdict::again) {
    ++impl.counts.failures;
    impl.counts.problem = outcome.problem;
    piece.is_doubtful = piece.is_doubtful || outcome.status != 429;
    impl.not_before = now + impl.back_off.after_failure(outcome, chance);
    return;
  }
  impl.back_off.reset();
  switch (verdict) {
    case Verdict::taken:
      impl.counts.sent += piece.size();
      impl.is_any_taken = impl.may_halve = true;
      impl.note_settled(piece);
      impl.pieces.pop_back();
      break;
    case Verdict::unfit:
      impl.halve_or_drop(outcome);
      break;
    case Verdict::refused:
      impl.drop(piece, outcome);
      break;
    case Verdict::again:
      break;
  }
  if (impl.pieces.empty()) impl.end_batch();
}

std::optional<RemoteWriter::Time> RemoteWriter::next_time() const {
  const Impl& impl = *impl_;
  if (impl.is_out) return std::nullopt;
  if (!impl.pieces.empty()) return impl.not_before;
  if (!impl.waiting_since) return std::nullopt;
  const bool is_enough = impl.queue.samples() >= impl.options.batch_samples_max;
  return std::max(impl.not_before,
                  is_enough ? *impl.waiting_since : *impl.waiting_since + impl.options.batch_wait);
}

bool RemoteWriter::is_empty() const { return impl_->pieces.empty() && impl_->queue.samples() == 0; }

RemoteWriteCounts RemoteWriter::counts() const {
  RemoteWriteCounts counts = impl_->counts;
  counts.crowded = impl_->queue.crowded_samples();
  counts.unwatched = impl_->ends.unwatched_samples();
  counts.damaged_bytes = impl_->queue.damaged_bytes();
  counts.queue_samples = impl_->queue.samples();
  for (const Piece& piece : impl_->pieces) counts.queue_samples += piece.size();
  counts.queue_bytes = impl_->queue.bytes();
  const std::int64_t behind_ms = impl_->newest_ms - impl_->settled_ms;
  if (!is_empty() && impl_->settled_ms != 0 && behind_ms > 0)
    counts.lag_seconds = static_cast<double>(behind_ms) / 1000;
  return counts;
}

std::vector<std::string> RemoteWriteCounts::sentences() const {
  std::vector<std::string> said;
  const auto say = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) said.push_back(fmt::format("{} {}", count, what));
  };
  say(refused, "samples were refused by the receiver and dropped");
  say(crowded, "samples were dropped unsent: the queue was full");
  say(unwritten, "samples could not be written to the queue");
  say(damaged_bytes, "bytes of the queue were damaged and left out");
  return said;
}

std::vector<std::pair<std::string, std::string>> remote_write_headers() {
  return {{"Content-Type", "application/x-protobuf"},
          {"Content-Encoding", "snappy"},
          {"X-Prometheus-Remote-Write-Version", "0.1.0"}};
}

}  // namespace ullage::history
