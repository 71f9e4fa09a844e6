// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "history/block.h"
#include "history/chunk_store.h"
#include "history/id_set.h"
#include "history/merge.h"
#include "history/pending_ticks.h"
#include "history/rewriter.h"
#include "history/series_file.h"
#include "history/series_list.h"
#include "history/sqlite.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// At some 80 ns a sample to read and write it again, about five milliseconds of a flush; more only where more
// comes in, since each sample must be rewritten twice.
constexpr std::size_t kRewrittenSamplesPerFlush = 64'000;
constexpr std::size_t kRewrittenPerSample = 3;

// A kill -9 loses nothing that was committed; only a crash of the machine could, which a run does not outlive
// either. Small caches: a writer is a guest in its user's memory.
constexpr const char* kSettings =
    // synchronous first: setting up the log would wait for the disk.
    "PRAGMA synchronous=OFF; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA secure_delete=OFF; PRAGMA "
    "cache_size=-256;"
    "PRAGMA temp_store=MEMORY;";
// Readers come while it is written. A file that is made whole in one transaction does without the log, and is
// made in half the time: a short run's.
constexpr const char* kLogSettings = "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=256;";

std::size_t count_present(const Block& block) {
  std::size_t count = 0;
  for (const std::vector<double>& column : block.columns)
    count += column.size() - static_cast<std::size_t>(std::ranges::count_if(column, is_absent));
  return count;
}

}  // namespace

struct SeriesWriter::Impl {
  std::string path;
  std::uint32_t application = 0;
  int version = 0;
  Database database;
  ChunkStore store{database};
  Rewriter rewriter{database, store};
  std::vector<Chunk> chunks;
  std::int64_t next_chunk_id = 1;
  PendingTicks pending;
  std::vector<metric::SeriesKey> new_series;  // ids from counters.size() - new_series.size() on
  std::vector<bool> counters;                 // of each series that is known
  std::int64_t last_time_ms = INT64_MIN;
  std::uint64_t out_of_order = 0;
  bool tables_made = false;
  bool is_damaged = false;  // then what is there is left alone
  bool is_closed = false;
  bool has_log = false;

  bool is_counter_series(metric::SeriesId id) const { return id < counters.size() && counters[id]; }

  Result<void> ensure_open() {
    if (database.is_open()) return {};
    auto opened = Database::open(path, Database::Access::write);
    if (!opened) return pass_on(opened);
    if (auto set = opened->execute(kSettings); !set) return set;
    if (!is_closed) {
      if (auto set = opened->execute(kLogSettings); !set) return set;
      has_log = true;
    }
    database = std::move(*opened);
    return {};
  }

  Result<void> make_tables() {
    if (tables_made) return {};
    return database.execute(
        "PRAGMA application_id=" + std::to_string(static_cast<std::int32_t>(application)) +
        ";PRAGMA user_version=" + std::to_string(version) + ";" + kSeriesTables);
  }

  Result<void> insert_series() {
    if (new_series.empty()) return {};
    auto insert = database.prepare("INSERT INTO series VALUES(?,?,?)");
    if (!insert) return pass_on(insert);
    const std::string bytes = encode_series(new_series);
    return insert->bind(1, static_cast<std::int64_t>(counters.size() - new_series.size()))
        .bind(2, static_cast<std::int64_t>(new_series.size()))
        .bind_blob(3, bytes)
        .run();
  }

  Result<std::vector<Chunk>> insert_pending() {
    std::vector<Chunk> added;
    for (std::size_t begin = 0; begin < pending.size();) {
      const Block block = pending.block_from(begin);
      Chunk chunk{.id = next_chunk_id + static_cast<std::int64_t>(added.size()),
                  .begin_ms = block.times_ms.front(),
                  .end_ms = block.times_ms.back(),
                  .ticks = block.times_ms.size(),
                  .samples = count_present(block),
                  .series = IdSet(block.series)};
      if (auto done = store.insert_block(chunk.id, 0, block); !done) return pass_on(done);
      if (auto done = store.insert_chunk(chunk, 1); !done) return pass_on(done);
      added.push_back(std::move(chunk));
      begin += block.times_ms.size();
    }
    return added;
  }

  Result<void> write_through(const Also& also) {
    if (auto open = ensure_open(); !open) return open;
    std::vector<Chunk> added;
    const auto in_transaction = [&]() -> Result<void> {
      if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun;
      if (auto made = make_tables(); !made) return made;
      if (auto done = insert_series(); !done) return done;
      auto inserted = insert_pending();
      if (!inserted) return pass_on(inserted);
      added = std::move(*inserted);
      if (also)
        if (auto done = also(database.handle()); !done) return done;
      return database.execute("COMMIT");
    };
    if (auto done = in_transaction(); !done) {
      (void)database.execute("ROLLBACK");  // fails when SQLite has rolled back by itself
      return done;
    }
    tables_made = true;
    new_series.clear();
    new_series.shrink_to_fit();
    pending.remove_first(pending.size());
    next_chunk_id += static_cast<std::int64_t>(added.size());
    for (Chunk& chunk : added) chunks.push_back(std::move(chunk));
    return {};
  }

  // Never an error of the caller's: the samples are safe in the file, in smaller blocks than they could be.
  bool rewrite(std::size_t samples_max, Urgency urgency) {
    if (is_damaged) return true;
    const auto is_counter = [this](metric::SeriesId id) { return is_counter_series(id); };
    const auto done = rewriter.work(chunks, next_chunk_id, is_counter, samples_max, urgency);
    if (!done) is_damaged = is_damage(done.error());
    return !done || *done;
  }

  void make_one_file() {
    (void)rewriter.abandon();
    store.release_statements();
    if (has_log) {
      (void)database.execute("PRAGMA incremental_vacuum");
      // A reader that is there keeps the log in being.
      (void)database.execute("PRAGMA journal_mode=DELETE");
    }
    database.close();
  }
};

SeriesWriter::SeriesWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SeriesWriter::SeriesWriter(SeriesWriter&&) noexcept = default;
SeriesWriter& SeriesWriter::operator=(SeriesWriter&&) noexcept = default;
SeriesWriter::~SeriesWriter() {
  if (impl_ != nullptr) (void)close();
}

Result<SeriesWriter> SeriesWriter::create(const std::string& path, std::uint32_t application, int version) {
  auto file = open_file(path, O_CREAT | O_EXCL | O_WRONLY);
  if (!file) return pass_on(file);
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->application = application;
  impl->version = version;
  return SeriesWriter(std::move(impl));
}

void SeriesWriter::append(const metric::Tick& tick, const metric::SeriesTable& table) {
  Impl& impl = *impl_;
  if (tick.time_ms <= impl.last_time_ms) {
    ++impl.out_of_order;
    return;
  }
  impl.last_time_ms = tick.time_ms;
  for (metric::SeriesId id = static_cast<metric::SeriesId>(impl.counters.size()); id < table.size(); ++id) {
    impl.new_series.push_back(table.key(id));
    impl.counters.push_back(is_counter(table.key(id).name));
  }
  impl.pending.add(tick);
}

Result<void> SeriesWriter::flush(const Also& also) {
  check(!impl_->is_closed, "a closed file is not written");
  const std::size_t came_in = impl_->pending.samples();
  if (auto written = impl_->write_through(also); !written) return written;
  impl_->rewrite(std::max(kRewrittenSamplesPerFlush, came_in * kRewrittenPerSample),
                 Urgency::when_worthwhile);
  return {};
}

void SeriesWriter::halve() {
  Impl& impl = *impl_;
  impl.pending.halve([&](metric::SeriesId id) { return impl.is_counter_series(id); });
  for (Chunk& chunk : impl.chunks) ++chunk.halvings;
  impl.rewriter.halving_asked();
}

std::uint64_t SeriesWriter::ticks() const {
  return ticks_after_rewriting(impl_->chunks) + impl_->pending.size();
}

std::uint64_t SeriesWriter::dropped_ticks() const { return impl_->out_of_order + impl_->pending.dropped(); }

Result<void> SeriesWriter::close(const Also& also) {
  Impl& impl = *impl_;
  if (std::exchange(impl.is_closed, true)) return {};
  auto written = impl.write_through(also);
  if (!impl.database.is_open()) return written;
  while (!impl.rewrite(kRewrittenSamplesPerFlush, Urgency::to_the_end)) continue;
  impl.make_one_file();
  return written;
}

void SeriesWriter::discard() {
  impl_->is_closed = true;
  impl_->store.release_statements();
  impl_->database.close();
}

}  // namespace ullage::history
