// SPDX-License-Identifier: Apache-2.0
#include "history/store/block_file.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "history/block.h"
#include "history/chunk_store.h"
#include "history/id_set.h"
#include "history/rewriter.h"
#include "history/series_list.h"
#include "history/sqlite.h"
#include "history/store/history_files.h"
#include "history/store/stretches.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// As a run's file: a kill loses nothing that was committed. Small caches; there are three such files.
constexpr const char* kSettings =
    "PRAGMA synchronous=OFF; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA secure_delete=OFF; PRAGMA "
    "cache_size=-256; PRAGMA temp_store=MEMORY; PRAGMA busy_timeout=100;"
    "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=256;";

// A file where series come and go gets a row of names a second: this many small rows become one.
constexpr std::size_t kSmallRows = 64;
constexpr std::int64_t kSmallRowSeries = 2048;
// Chunks so long are not rewritten, so that what came before them need not be looked at again.
constexpr std::int64_t kFinishedTicks = kTicksPerBlock * 5 / 6;

constexpr const char* kToldTable =
    "CREATE TABLE told(begin_ms INTEGER PRIMARY KEY, end_ms INTEGER NOT NULL);";

}  // namespace

FileKind kind_of(Tier tier) {
  switch (tier) {
    case Tier::raw:  // asked for by the series: small pieces
      return {.application = 0x554C4852,
              .stride = 1,
              .part_columns = kSeriesPerBlock,
              .piece_bytes = 1024};  // "ULHR"
    case Tier::minute:
      return {
          .application = 0x554C484D, .stride = 5, .part_columns = 60, .piece_bytes = kPieceBytes};  // "ULHM"
    case Tier::hour:
      return {
          .application = 0x554C4848, .stride = 5, .part_columns = 60, .piece_bytes = kPieceBytes};  // "ULHH"
  }
  return {};
}

Result<std::unique_ptr<BlockFile>> BlockFile::open(const std::string& path, const FileKind& kind) {
  if (!file_exists(path)) {
    auto made = open_file(path, O_CREAT | O_EXCL | O_WRONLY);  // with mode 0600, which SQLite would not give
    if (!made) return pass_on(made);
  }
  std::unique_ptr<BlockFile> file(new BlockFile(path, kind));
  auto database = Database::open(path, Database::Access::write);
  if (!database) return pass_on(database);
  file->database_ = std::move(*database);
  file->rewriter_ = std::make_unique<Rewriter>(file->database_, file->store_, kind.part_columns);
  // Before anything that would write to it: a newer one stays as it is.
  if (auto looked = file->look_at_it(); !looked) return pass_on(looked);
  if (auto set = file->database_.execute(kSettings); !set) return pass_on(set);
  if (!file->is_made_) return file;
  if (auto loaded = file->load_series_rows(); !loaded) return pass_on(loaded);
  if (auto loaded = file->load_chunks(); !loaded) return pass_on(loaded);
  return file;
}

BlockFile::~BlockFile() { store_.release_statements(); }

Result<void> BlockFile::look_at_it() {
  auto tables = database_.integer("SELECT count(*) FROM sqlite_master");
  auto application = database_.integer("PRAGMA application_id");
  auto version = database_.integer("PRAGMA user_version");
  if (!tables) return pass_on(tables);
  if (!application) return pass_on(application);
  if (!version) return pass_on(version);
  if (*tables == 0 && *application == 0) return {};
  if (static_cast<std::uint32_t>(*application) != kind_.application)
    return fail(Error{.what = "not a file of the history's", .where = path_, .system_error = EBADMSG});
  if (*version > kHistoryVersion)
    return fail(Error{.what = "written by a newer ullage (format " + std::to_string(*version) + ")",
                      .where = path_,
                      .system_error = EBADMSG});
  is_made_ = true;
  return {};
}

Result<void> BlockFile::load_series_rows() {
  auto rows = database_.prepare("SELECT first_id, count FROM series ORDER BY first_id");
  if (!rows) return pass_on(rows);
  while (true) {
    auto row = rows->step();
    if (!row) return pass_on(row);
    if (!*row) return {};
    if (rows->integer(1) >= kSmallRowSeries)
      small_rows_.clear();
    else
      small_rows_.push_back({rows->integer(0), rows->integer(1)});
    next_series_ = rows->integer(0) + rows->integer(1);
  }
}

Result<void> BlockFile::load_chunks() {
  // What was under construction when the writer was killed has no chunk: it goes.
  auto largest = database_.integer("SELECT max(id) FROM blocks");
  if (!largest) return pass_on(largest);
  next_chunk_id_ = (*largest >> kPartBits) + 1;
  auto rows = database_.prepare("SELECT id, begin_ms, end_ms, ticks FROM chunks ORDER BY begin_ms, id");
  if (!rows) return pass_on(rows);
  std::vector<Chunk> unfinished;
  while (true) {
    auto row = rows->step();
    if (!row) return pass_on(row);
    if (!*row) break;
    Chunk chunk{.id = rows->integer(0),
                .begin_ms = rows->integer(1),
                .end_ms = rows->integer(2),
                .ticks = static_cast<std::size_t>(rows->integer(3))};
    next_chunk_id_ = std::max(next_chunk_id_, chunk.id + 1);
    stretches_.add({chunk.begin_ms, chunk.end_ms});
    if (rows->integer(3) >= kFinishedTicks ||
        (!unfinished.empty() && chunk.begin_ms <= unfinished.back().end_ms))
      unfinished.clear();
    else
      unfinished.push_back(std::move(chunk));
  }
  return load_unfinished(std::move(unfinished));
}

// Which series are in them stands only in their blocks. One that cannot be read is left as it is.
Result<void> BlockFile::load_unfinished(std::vector<Chunk> unfinished) {
  for (Chunk& chunk : unfinished) {
    auto blocks = store_.blocks(chunk.id, 0, UINT32_MAX);
    if (!blocks || blocks->empty()) {
      chunks_.clear();
      continue;
    }
    std::vector<metric::SeriesId> series;
    for (const BlockView& block : *blocks)
      series.insert(series.end(), block.series().begin(), block.series().end());
    chunk.samples = chunk.ticks * series.size();  // no hole is known
    chunk.series = IdSet(series);
    chunks_.push_back(std::move(chunk));
  }
  return {};
}

metric::SeriesId BlockFile::add_series(metric::SeriesKey key) {
  new_series_.push_back(std::move(key));
  return static_cast<metric::SeriesId>(next_series_++);
}

Result<void> BlockFile::transact(const std::function<Result<void>()>& body) {
  const std::vector<SeriesRow> rows_before = small_rows_;
  const auto in_transaction = [&]() -> Result<void> {
    if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
    if (!is_made_) {
      auto made = database_.execute(
          "PRAGMA application_id=" + std::to_string(static_cast<std::int32_t>(kind_.application)) +
          ";PRAGMA user_version=" + std::to_string(kHistoryVersion) + ";" + kSeriesTables +
          (kind_.stride > 1 ? kToldTable : ""));
      if (!made) return made;
    }
    if (auto written = write_series(); !written) return written;
    if (auto done = body(); !done) return done;
    return database_.execute("COMMIT");
  };
  if (auto done = in_transaction(); !done) {
    (void)database_.execute("ROLLBACK");  // fails when SQLite has rolled back by itself
    small_rows_ = rows_before;
    is_damaged_ = is_damaged_ || is_damage(done.error());
    return done;
  }
  is_made_ = true;
  new_series_.clear();
  new_series_.shrink_to_fit();
  return {};
}

Result<void> BlockFile::tell(const std::vector<Stretch>& stretches) {
  auto insert = database_.prepare("INSERT OR REPLACE INTO told VALUES(?,?)");
  if (!insert) return pass_on(insert);
  for (const Stretch& stretch : stretches)
    if (auto done = insert->bind(1, stretch.begin_ms).bind(2, stretch.end_ms).run(); !done) return done;
  return {};
}

Result<void> BlockFile::write_series() {
  if (new_series_.empty()) return {};
  auto insert = database_.prepare("INSERT INTO series VALUES(?,?,?)");
  if (!insert) return pass_on(insert);
  const auto count = static_cast<std::int64_t>(new_series_.size());
  const std::string bytes = encode_series(new_series_);
  auto done = insert->bind(1, next_series_ - count).bind(2, count).bind_blob(3, bytes).run();
  if (!done) return done;
  if (count >= kSmallRowSeries)
    small_rows_.clear();
  else
    small_rows_.push_back({next_series_ - count, count});
  return small_rows_.size() < kSmallRows ? Result<void>() : merge_series_rows();
}

Result<void> BlockFile::merge_series_rows() {
  auto select = database_.prepare("SELECT bytes FROM series WHERE first_id >= ? ORDER BY first_id");
  if (!select) return pass_on(select);
  select->bind(1, small_rows_.front().first);
  std::vector<metric::SeriesKey> all;
  while (true) {
    auto row = select->step();
    if (!row) return pass_on(row);
    if (!*row) break;
    auto some = decode_series(select->blob(0));
    if (!some) {  // damaged: stays as it is, and is told by who reads it
      small_rows_.clear();
      return {};
    }
    for (std::size_t i = 0; i < some->size(); ++i) all.push_back(some->key(i));
  }
  const SeriesRow merged{small_rows_.front().first, static_cast<std::int64_t>(all.size())};
  auto erase = database_.prepare("DELETE FROM series WHERE first_id >= ?");
  if (!erase) return pass_on(erase);
  if (auto done = erase->bind(1, merged.first).run(); !done) return done;
  auto insert = database_.prepare("INSERT INTO series VALUES(?,?,?)");
  if (!insert) return pass_on(insert);
  const std::string bytes = encode_series(all);
  small_rows_.clear();
  if (merged.count < kSmallRowSeries) small_rows_.push_back(merged);
  return insert->bind(1, merged.first).bind(2, merged.count).bind_blob(3, bytes).run();
}

void BlockFile::will_rewrite(Chunk chunk) {
  if (!chunks_.empty() && chunk.begin_ms < chunks_.back().end_ms) end_stretch();
  chunks_.push_back(std::move(chunk));
}

void BlockFile::end_stretch() {
  (void)rewriter_->abandon();
  rewriter_ = std::make_unique<Rewriter>(database_, store_, kind_.part_columns);
  chunks_.clear();
}

// Never an error of the caller's: the samples are safe in the file, in smaller blocks than they could be.
bool BlockFile::work(std::size_t samples_max, Urgency urgency) {
  if (is_damaged_) return true;
  const auto is_counter = [](metric::SeriesId) { return false; };  // nothing is halved here
  const auto done = rewriter_->work(chunks_, next_chunk_id_, is_counter, samples_max, urgency);
  if (!done) is_damaged_ = is_damage(done.error());
  if (done && *done) rewriter_->forget_settled(chunks_);
  return !done || *done;
}

void BlockFile::close() {
  if (!database_.is_open()) return;
  (void)rewriter_->abandon();
  store_.release_statements();
  if (!is_damaged_) {
    // What a killed writer had under construction.
    (void)database_.execute("DELETE FROM blocks WHERE id >> 20 NOT IN (SELECT id FROM chunks)");
    (void)database_.execute("PRAGMA incremental_vacuum");
    // A reader that is there keeps the log in being.
    (void)database_.execute("PRAGMA journal_mode=DELETE");
  }
  database_.close();
}

}  // namespace ullage::history
