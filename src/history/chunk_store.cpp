// SPDX-License-Identifier: Apache-2.0
#include "history/chunk_store.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/sqlite.h"
#include "metric/series.h"

namespace ullage::history {

const char* const kSeriesTables =
    "CREATE TABLE series(first_id INTEGER PRIMARY KEY, count INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE TABLE chunks(id INTEGER PRIMARY KEY, begin_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL,"
    " ticks INTEGER NOT NULL, parts INTEGER NOT NULL);"
    "CREATE TABLE blocks(id INTEGER PRIMARY KEY, first_series INTEGER NOT NULL, last_series INTEGER NOT NULL,"
    " bytes BLOB NOT NULL);";

Result<void> ChunkStore::ensure(Statement& statement, const char* sql) {
  if (statement.is_prepared()) return {};
  auto prepared = database_.prepare(sql);
  if (!prepared) return pass_on(prepared);
  statement = std::move(*prepared);
  return {};
}

Result<void> ChunkStore::insert_block(std::int64_t chunk, std::size_t part, const Block& block) {
  if (auto ready = ensure(insert_block_, "INSERT OR REPLACE INTO blocks VALUES(?,?,?,?)"); !ready)
    return ready;
  const std::string bytes = encode(block, piece_bytes_);
  insert_block_.bind(1, chunk << kPartBits | static_cast<std::int64_t>(part))
      .bind(2, block.series.empty() ? 0 : block.series.front())
      .bind(3, block.series.empty() ? 0 : block.series.back())
      .bind_blob(4, bytes);
  return insert_block_.run();
}

Result<void> ChunkStore::insert_chunk(const Chunk& chunk, std::size_t parts) {
  if (auto ready = ensure(insert_chunk_, "INSERT INTO chunks VALUES(?,?,?,?,?)"); !ready) return ready;
  insert_chunk_.bind(1, chunk.id)
      .bind(2, chunk.begin_ms)
      .bind(3, chunk.end_ms)
      .bind(4, static_cast<std::int64_t>(chunk.ticks))
      .bind(5, static_cast<std::int64_t>(parts));
  return insert_chunk_.run();
}

Result<void> ChunkStore::erase_chunk(std::int64_t chunk) {
  if (auto ready = ensure(erase_blocks_, "DELETE FROM blocks WHERE id >= ? AND id < ?"); !ready) return ready;
  if (auto ready = ensure(erase_chunk_, "DELETE FROM chunks WHERE id = ?"); !ready) return ready;
  if (auto done = erase_blocks_.bind(1, chunk << kPartBits).bind(2, (chunk + 1) << kPartBits).run(); !done)
    return done;
  return erase_chunk_.bind(1, chunk).run();
}

Result<std::vector<BlockView>> ChunkStore::blocks(std::int64_t chunk, metric::SeriesId first,
                                                  metric::SeriesId last) {
  auto ready =
      ensure(select_blocks_,
             "SELECT bytes FROM blocks WHERE id >= ? AND id < ? AND last_series >= ? AND first_series <= ?");
  if (!ready) return pass_on(ready);
  select_blocks_.bind(1, chunk << kPartBits).bind(2, (chunk + 1) << kPartBits).bind(3, first).bind(4, last);
  std::vector<BlockView> views;
  while (true) {
    auto row = select_blocks_.step();
    if (!row) return pass_on(row);
    if (!*row) break;
    auto view = BlockView::open(select_blocks_.blob(0));
    if (!view) {
      select_blocks_.reset();
      view.error().system_error = EBADMSG;
      return pass_on(view);
    }
    views.push_back(std::move(*view));
  }
  select_blocks_.reset();
  return views;
}

void ChunkStore::release_statements() {
  for (Statement* statement :
       {&insert_block_, &insert_chunk_, &erase_blocks_, &erase_chunk_, &select_blocks_})
    *statement = Statement();
}

}  // namespace ullage::history
