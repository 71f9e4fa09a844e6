// SPDX-License-Identifier: Apache-2.0
// A SQLite file of blocks: what run files are, and day files will be (docs/formats/series-file.md). The
// writer keeps the ticks since the last flush in memory and no more; flush, about once a second, writes them
// through as a small block, so that kill -9 loses at most a second; small blocks become full ones later, a
// slice each flush. A full disk is an error that the caller may ignore and try again. One thread a writer;
// readers may be other processes, at any time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "metric/series.h"

struct sqlite3;

namespace ullage::history {

class SeriesWriter {
 public:
  // A new file, 0600; an error if it exists. `application` and `version` go into SQLite's application_id
  // and user_version, for a reader to know the kind and refuse a newer one. The file is empty until the first
  // flush.
  static Result<SeriesWriter> create(const std::string& path, std::uint32_t application, int version);
  SeriesWriter(SeriesWriter&&) noexcept;
  SeriesWriter& operator=(SeriesWriter&&) noexcept;
  ~SeriesWriter();  // closes

  // Takes a tick; memory only, no I/O. Ticks ascend in time: one that does not is counted and dropped. When
  // flushes fail for long, the oldest ticks are dropped and counted (kPendingSamplesMax).
  void append(const metric::Tick& tick, const metric::SeriesTable& table);
  // Writes new series and ticks, and in the same transaction what `also` writes (the owner's own tables).
  // After an error nothing is lost but time: call again.
  using Also = std::function<Result<void>(sqlite3*)>;
  Result<void> flush(const Also& also = {});
  // Merges each two neighbouring ticks into one (gauges keep the greater, counters the later), as when the
  // interval doubles. The file is rewritten little by little by later flushes; each sample O(1) times.
  void halve();
  std::uint64_t ticks() const;          // held when halving is done
  std::uint64_t dropped_ticks() const;  // out of order, or for want of room
  // Flushes, finishes what is to be rewritten, and leaves one file with nothing beside it. Nothing works
  // after.
  Result<void> close(const Also& also = {});
  void discard();  // closes without writing: the file is about to be unlinked

 private:
  struct Impl;
  explicit SeriesWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct Sample {
  std::int64_t time_ms;
  double value;
};

// What the file held when it was opened: a writer that lives may add to it meanwhile.
class SeriesReader {
 public:
  // Read-only, and works beside a living writer and on read-only media. Says what is wrong with a file
  // that is torn, of another application, or of a newer version.
  static Result<SeriesReader> open(const std::string& path, std::uint32_t application, int newest_version);
  SeriesReader(SeriesReader&&) noexcept;
  SeriesReader& operator=(SeriesReader&&) noexcept;
  ~SeriesReader();

  const std::vector<metric::SeriesKey>& series() const;  // index is the SeriesId
  // The samples of one series, in order of time; absent ones left out. Fastest in the order of ids.
  Result<std::vector<Sample>> samples(metric::SeriesId series) const;
  // At least those in (begin, end]: of a block that reaches into it, all.
  Result<std::vector<Sample>> samples(metric::SeriesId series, std::int64_t begin_ms,
                                      std::int64_t end_ms) const;
  struct Extent {
    std::int64_t begin_ms = 0, end_ms = 0;  // first and last tick; both 0 when there is none
    std::int64_t tick_ms = 0;               // how far apart ticks are at the least; 0 when there is one
  };
  Extent extent() const;
  // All ticks in order, as they were appended: export and analysis over the whole.
  Result<void> each_tick(const std::function<void(const metric::Tick&)>& visit) const;
  std::vector<std::string> problems() const;  // blocks that were damaged and left out, in words
  sqlite3* database() const;                  // for the owner's own tables

 private:
  struct Impl;
  explicit SeriesReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Brings what a killed writer left in `path`-wal into the file itself, where the folder lets us. Not while it
// lives.
void fold_journal(const std::string& path);

}  // namespace ullage::history
