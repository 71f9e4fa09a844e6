// SPDX-License-Identifier: Apache-2.0
// The memory of a machine: a folder of SQLite files, one a day, with samples and with minutes and hours of
// them (docs/formats/history.md). HistoryWriter is the one that writes, HistorySource (history_source.h) one
// of many that read, in the same process or another. Samples wait in memory for the next flush and no longer:
// flush about once a second, and kill -9 loses that second. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/store/retention.h"
#include "metric/series.h"

namespace ullage::history {

struct HistoryOptions {
  Retention keep;
  std::size_t series_max = 30'000;  // that live at the same time
};

// What was not taken, and why; since the writer was opened.
struct HistoryCounts {
  std::uint64_t taken_samples = 0;
  std::uint64_t late_ticks = 0;         // of a time that has been told
  std::uint64_t impossible_ticks = 0;   // of a time that no file can name
  std::uint64_t duplicate_samples = 0;  // a second one of a series in a tick: the first stays
  std::uint64_t refused_samples = 0;    // of series for which there was no room
  std::uint64_t illegal_samples = 0;    // of series without a name, or with a key that is too long
  std::uint64_t forgotten_ids = 0;      // samples of ids whose series had ended
  std::uint64_t lost_samples = 0;       // the disk was full for too long
  std::uint64_t late_buckets = 0;       // of tiers, left to be made up from the samples
  std::uint64_t damaged_files = 0;      // in whose place another was begun
  std::uint64_t removed_files = 0;      // by retention
  std::uint64_t removed_bytes = 0;
  std::uint64_t live_series = 0;
  // Those that are not zero and are somebody's loss, in words.
  std::vector<std::string> sentences() const;
};

class HistoryWriter {
 public:
  // Makes the folder where it is not there, and goes on where the last writer ended or was killed. There can
  // be one writer at a time.
  static Result<HistoryWriter> open(const std::string& folder, const HistoryOptions& options = {});
  HistoryWriter(HistoryWriter&&) noexcept;
  HistoryWriter& operator=(HistoryWriter&&) noexcept;
  ~HistoryWriter();  // closes

  // The id of a series, for append(). It is forgotten ten minutes after its last sample, sooner where many
  // come and go; then ask again. Nothing when it is no legal key or there is no room.
  std::optional<metric::SeriesId> id(const metric::SeriesKey& key);
  bool knows(metric::SeriesId id) const;
  // A tick whose ids are id()'s. Memory only, but for full heads, which are written. The tick is dropped and
  // counted when its time has been told: when it is not after the last one, unless the clock was set back
  // into a time of which nothing is known.
  void append(const metric::Tick& tick);
  // A tick whose ids are a table's, each time the same one.
  void append(const metric::Tick& tick, const metric::SeriesTable& table);
  // Writes what is new. After an error nothing is lost but time: call again.
  Result<void> flush();
  // Flushes, finishes what is to be rewritten, and leaves files with nothing beside them.
  Result<void> close();
  HistoryCounts counts() const;

 private:
  struct Impl;
  explicit HistoryWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::history
