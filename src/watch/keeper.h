// SPDX-License-Identifier: Apache-2.0
// Keeps the live series in the history, on a thread of its own: whoever watches hands over a tick and never
// waits for a disk. When the disk is too slow for too long, whole ticks are dropped and counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "history/history.h"
#include "metric/live_series.h"

namespace ullage::watch {

struct KeeperCounts {
  std::uint64_t kept_samples = 0;
  std::uint64_t dropped_ticks = 0;  // too many waited
  std::uint64_t failed_flushes = 0;
  std::size_t waiting_ticks = 0;
  std::string error = {};               // of the last flush; empty: it went well
  history::HistoryCounts history = {};  // as of the last flush
};

class Keeper {
 public:
  // Fails as HistoryWriter::open does, EBUSY when another process writes there.
  static Result<Keeper> open(const std::string& folder, const history::HistoryOptions& options);
  Keeper(Keeper&&) noexcept;
  Keeper& operator=(Keeper&&) noexcept;
  ~Keeper();  // writes what waits, and closes

  // The current values of `live`, which must be the same object each time.
  void keep(const metric::LiveSeries& live);
  // Returns when all ticks so far are in the files, or could not be written.
  void wait_until_kept();
  KeeperCounts counts() const;

 private:
  struct Impl;
  explicit Keeper(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::watch
