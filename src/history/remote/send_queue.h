// SPDX-License-Identifier: Apache-2.0
// Samples that wait to be sent, on disk: a folder of segments (docs/formats/send-queue.md), written at one
// end and read at the other, in order. What was appended survives kill -9; what was read and settled is not
// read again, so that what was read and not settled comes once more after a restart. Bounded: when there is
// no room the oldest segment goes, and is counted. One thread, one process a folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "metric/series.h"

namespace ullage::history {

struct SendQueueOptions {
  std::uint64_t bytes_max = 512u << 20;
  std::uint64_t segment_bytes = 2u << 20;
};

struct QueuedSample {
  std::uint32_t series;  // in Batch::keys
  std::int64_t time_ms;
  double value;
};

// Some records, whole, all of one segment.
struct QueueBatch {
  std::shared_ptr<const std::deque<metric::SeriesKey>> keys;  // at least those of the samples
  std::vector<QueuedSample> samples;                          // in the order in which they were appended
};

class SendQueue {
 public:
  // Makes the folder where it is not there.
  static Result<SendQueue> open(const std::string& folder, const SendQueueOptions& options = {});
  SendQueue(SendQueue&&) noexcept;
  SendQueue& operator=(SendQueue&&) noexcept;
  ~SendQueue();

  // Writes samples of one moment. Of two of one series the first counts. After an error the queue is as
  // before.
  Result<void> append(std::int64_t time_ms, std::span<const metric::Value> values,
                      const metric::SeriesTable& table);
  // What the id means from here on is not known: the next samples of it are of another series.
  void forget(metric::SeriesId id);
  // Records from where the last read ended, until there are `samples_max`; at least one when there is any.
  // Nothing at the end. To be called when what was read before is settled. What is damaged is left out and
  // counted.
  Result<std::optional<QueueBatch>> read(std::size_t samples_max);
  // All that was read is done with.
  Result<void> settle();

  std::uint64_t bytes() const;            // that are not settled
  std::uint64_t samples() const;          // that were not read yet
  std::uint64_t crowded_samples() const;  // that went unread, because there was no room
  std::uint64_t damaged_bytes() const;    // that could not be read

 private:
  struct Impl;
  explicit SendQueue(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::history
