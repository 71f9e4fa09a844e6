// SPDX-License-Identifier: Apache-2.0
// Sends what is measured to a receiver of Prometheus's remote write, through a queue on disk: nothing is lost
// while the receiver is away, or when this process is killed, as long as the queue has room. Samples arrive
// in order, each at least once: what a killed process had sent and not yet noted is sent again. Here is
// everything but the sending: next() gives a body to send, settle() takes what came of it, so time, network
// and chance are passed in (RemoteSender does it on a thread). One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/remote/send_queue.h"
#include "history/remote/send_schedule.h"
#include "metric/series.h"

namespace ullage::history {

struct RemoteWriteOptions {
  SendQueueOptions queue;
  BackOffOptions back_off;
  std::size_t batch_samples_max = 10'000;
  std::chrono::milliseconds batch_wait{5'000};  // that a sample waits for others at most
  metric::Labels extra_labels;                  // of each series that has none of that name, as the machine's
};

// In samples, unless the name says something else; since the writer was opened.
struct RemoteWriteCounts {
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;        // by the receiver, for good (4xx)
  std::uint64_t doubtful = 0;       // refused, and perhaps there before: sent once without hearing an answer
  std::uint64_t crowded = 0;        // went unsent, because the queue was full
  std::uint64_t unwritten = 0;      // did not get into the queue: the disk said no
  std::uint64_t unwatched = 0;      // of series so many that their ends are not said
  std::uint64_t requests = 0;       // made
  std::uint64_t failures = 0;       // requests that were or are to be made again
  std::uint64_t damaged_bytes = 0;  // of the queue, that could not be read
  std::uint64_t queue_samples = 0;  // wait now, or are on their way
  std::uint64_t queue_bytes = 0;    // the same on disk
  double lag_seconds = 0;           // from the newest sample that was settled to the newest that came
  bool is_taken = true;             // what was sent last
  std::string problem;              // the last one, in words
  // Those that are not zero and are somebody's loss, in words.
  std::vector<std::string> sentences() const;
};

class RemoteWriter {
 public:
  using Time = std::chrono::nanoseconds;  // of the monotonic clock

  static Result<RemoteWriter> open(const std::string& folder, const RemoteWriteOptions& options = {});
  RemoteWriter(RemoteWriter&&) noexcept;
  RemoteWriter& operator=(RemoteWriter&&) noexcept;
  ~RemoteWriter();

  // Into the queue, with markers of staleness for series that have ended. Ids are a table's, each time the
  // same, until one is forgotten.
  void append(const metric::Tick& tick, const metric::SeriesTable& table, Time now);
  bool awaits(metric::SeriesId id) const;  // another sample, or the time to say that it has ended
  // The table is about to give the id, which is not awaited, to another series.
  void forget(metric::SeriesId id);
  // A body to send now, if it is time; no other until it is settled.
  std::optional<std::string> next(Time now);
  void settle(const SendOutcome& outcome, Time now, double chance);
  // When next() will have something, as far as is known; nothing while a body is out or the queue is empty.
  std::optional<Time> next_time() const;
  bool is_empty() const;  // nothing waits and nothing is out
  RemoteWriteCounts counts() const;

 private:
  struct Impl;
  explicit RemoteWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Headers that go with a body.
std::vector<std::pair<std::string, std::string>> remote_write_headers();

}  // namespace ullage::history
