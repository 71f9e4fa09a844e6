// SPDX-License-Identifier: Apache-2.0
// A SQLite file of blocks: what run files are, and day files will be (docs/formats/series-file.md). The
// writer keeps the open block in memory and writes it through about once a second, so that kill -9 loses
// at most a second; a full disk is an error that the caller may ignore and try again. One thread a writer;
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
  // and user_version, for a reader to know the kind and refuse a newer one.
  static Result<SeriesWriter> create(const std::string& path, std::uint32_t application, int version);
  SeriesWriter(SeriesWriter&&) noexcept;
  SeriesWriter& operator=(SeriesWriter&&) noexcept;
  ~SeriesWriter();

  // Takes a tick; memory only, no I/O. Ticks ascend in time: one that does not is counted and dropped.
  void append(const metric::Tick& tick, const metric::SeriesTable& table);
  // Writes new series, full blocks and the open block. After an error nothing is lost but time: call again.
  Result<void> flush();
  // Merges each two neighbouring ticks into one (gauges keep the greater, counters the later), in memory
  // and in the file, as when the interval doubles. Amortised, each sample is rewritten O(1) times.
  Result<void> halve();
  std::uint64_t ticks() const;            // held now
  std::uint64_t dropped_ticks() const;    // out of order
  sqlite3* database();                    // for the tables that are the owner's (events, documents)

 private:
  struct Impl;
  explicit SeriesWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct Sample {
  std::int64_t time_ms;
  double value;
};

class SeriesReader {
 public:
  // Read-only, and works beside a living writer and on read-only media. Says what is wrong with a file
  // that is torn, of another application, or of a newer version.
  static Result<SeriesReader> open(const std::string& path, std::uint32_t application, int newest_version);
  SeriesReader(SeriesReader&&) noexcept;
  SeriesReader& operator=(SeriesReader&&) noexcept;
  ~SeriesReader();

  const std::vector<metric::SeriesKey>& series() const;  // index is the SeriesId
  // The samples of one series, in order of time; absent ones left out.
  Result<std::vector<Sample>> samples(metric::SeriesId series) const;
  // All ticks in order, as they were appended: export and analysis over the whole.
  Result<void> each_tick(const std::function<void(const metric::Tick&)>& visit) const;
  std::vector<std::string> problems() const;  // blocks that were damaged and left out, in words
  sqlite3* database() const;

 private:
  struct Impl;
  explicit SeriesReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::history
