// SPDX-License-Identifier: Apache-2.0
// The tables `chunks` and `blocks` of a series file, for its writer. A chunk is a stretch of time; its blocks
// hold the series that lived in it, in ascending order. A block counts only when its chunk is listed, so that
// a chunk can be built over several transactions. docs/formats/series-file.md.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/id_set.h"
#include "history/sqlite.h"

namespace ullage::history {

constexpr int kPartBits = 20;  // a block's id is its chunk's id and its number in the chunk

struct Chunk {
  std::int64_t id = 0;
  std::int64_t begin_ms = 0;
  std::int64_t end_ms = 0;
  std::size_t ticks = 0;
  std::size_t samples = 0;  // values that are not absent
  unsigned halvings = 0;    // asked for and not done yet
  IdSet series;
};

extern const char* const kSeriesTables;  // SQL that makes them

class ChunkStore {
 public:
  // `piece_bytes`: of the blocks it encodes.
  explicit ChunkStore(Database& database, std::size_t piece_bytes = kPieceBytes)
      : database_(database), piece_bytes_(piece_bytes) {}

  Result<void> insert_block(std::int64_t chunk, std::size_t part, const Block& block);
  Result<void> insert_chunk(const Chunk& chunk, std::size_t parts);
  Result<void> erase_chunk(std::int64_t chunk);
  // The chunk's blocks that may hold series from `first` to `last`.
  Result<std::vector<BlockView>> blocks(std::int64_t chunk, metric::SeriesId first, metric::SeriesId last);
  // Before the database is closed.
  void release_statements();

 private:
  Result<void> ensure(Statement& statement, const char* sql);

  Database& database_;
  std::size_t piece_bytes_;
  Statement insert_block_, insert_chunk_, erase_blocks_, erase_chunk_, select_blocks_;
};

}  // namespace ullage::history
