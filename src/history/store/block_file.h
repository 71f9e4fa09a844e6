// SPDX-License-Identifier: Apache-2.0
// A file of the history being written: a series file (docs/formats/series-file.md) that is opened again after
// a restart or a kill and goes on where it was. What comes in is one transaction at a time; small chunks
// become large ones later, a slice each time. Knows nothing of time or tiers. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "history/chunk_store.h"
#include "history/rewriter.h"
#include "history/sqlite.h"
#include "history/store/history_files.h"
#include "history/store/stretches.h"
#include "metric/series.h"

namespace ullage::history {

// What a file of each tier is.
struct FileKind {
  std::uint32_t application;  // SQLite's application_id
  metric::SeriesId stride;    // columns a series: its column's id is series × stride + number
  std::size_t part_columns;   // columns a block: those of a series stand together
  std::size_t piece_bytes;    // see encode()
};
constexpr int kHistoryVersion = 1;
FileKind kind_of(Tier tier);

class BlockFile {
 public:
  // Makes it where it is not there. Refuses what is damaged at first sight, of another kind, or newer.
  static Result<std::unique_ptr<BlockFile>> open(const std::string& path, const FileKind& kind);
  ~BlockFile();

  const std::string& path() const { return path_; }
  const Stretches& stretches_at_opening() const { return stretches_; }
  // Written with the next transaction. The same key may come again: it is then another id.
  metric::SeriesId add_series(metric::SeriesKey key);
  // All that `body` does with store() and tell(), and the new series; or nothing of it.
  Result<void> transact(const std::function<Result<void>()>& body);
  ChunkStore& store() { return store_; }
  // In a tier's file, within a transaction: its buckets have these raw ticks in them.
  Result<void> tell(const std::vector<Stretch>& stretches);
  std::int64_t new_chunk_id() { return next_chunk_id_++; }
  // A chunk that a transaction has written, to be made larger with its neighbours, which are those that came
  // before it without a step back in time.
  void will_rewrite(Chunk chunk);
  // Chunks so far stay as they are: time goes on somewhere else.
  void end_stretch();

  // Rewrites about so many samples; true when nothing is left to do.
  bool work(std::size_t samples_max, Urgency urgency);
  bool is_damaged() const { return is_damaged_; }
  void set_damaged() { is_damaged_ = true; }
  // Leaves one file with nothing beside it. Only open() works after.
  void close();

 private:
  BlockFile(std::string path, const FileKind& kind) : path_(std::move(path)), kind_(kind) {}
  Result<void> look_at_it();
  Result<void> load_series_rows();
  Result<void> load_chunks();
  Result<void> load_unfinished(std::vector<Chunk> unfinished);
  Result<void> write_series();
  Result<void> merge_series_rows();

  struct SeriesRow {
    std::int64_t first;
    std::int64_t count;
  };

  std::string path_;
  FileKind kind_;
  Database database_;
  ChunkStore store_{database_, kind_.piece_bytes};
  std::unique_ptr<Rewriter> rewriter_;
  std::vector<Chunk> chunks_;
  std::int64_t next_chunk_id_ = 1;
  std::int64_t next_series_ = 0;
  std::vector<metric::SeriesKey> new_series_;
  std::vector<SeriesRow> small_rows_;  // the last ones, that may become one
  Stretches stretches_;
  bool is_made_ = false;
  bool is_damaged_ = false;
};

}  // namespace ullage::history
