// SPDX-License-Identifier: Apache-2.0
// Writes the samples themselves: ticks go into the head, each flush puts those that are new into the day's
// file as a small chunk (the journal: a kill -9 loses what came since), and when the head is full it is
// written as blocks of 64 series, which take the place of its journal in the same transaction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/store/dated_file.h"
#include "history/store/head.h"
#include "history/store/live_table.h"
#include "history/store/stretches.h"

namespace ullage::history {

class RawWriter {
 public:
  RawWriter(std::string folder, LiveTable& live, std::size_t values_max)
      : folder_(std::move(folder)), live_(live), head_(values_max), file_(folder_, Tier::raw) {}

  // Whether a tick of this time may come: its time has not been told. Readies the file of its day.
  bool accepts(std::int64_t time_ms);
  // Room for a tick with so many values; on a full disk the oldest ticks give way.
  void make_room(std::size_t values);
  Head& head() { return head_; }
  void will_tell(std::int64_t time_ms);  // a tick of this time went into the head

  // Writes what is new; a head that is full, or `whole`, becomes a chunk.
  enum class What { news, whole };
  Result<void> flush(What what);
  void end_stretch();  // time goes on earlier
  void close();
  std::uint64_t lost_samples() const { return lost_samples_; }
  DatedFile& file() { return file_; }
  // Counts the heads written whole: after one, no series has a column.
  std::uint64_t heads() const { return heads_; }

 private:
  Result<void> write_news(BlockFile& file);
  Result<void> write_whole(BlockFile& file);
  using ColumnsById = std::vector<std::pair<metric::SeriesId, std::size_t>>;
  std::size_t fill_block(const ColumnsById& columns, std::size_t next, Block& block) const;
  Result<void> write_blocks(BlockFile& file, const ColumnsById& columns, Chunk& chunk);
  void forget_head();
  void drop_first(std::size_t ticks);
  metric::SeriesId id_in_file(BlockFile& file, std::uint32_t place);
  ColumnsById columns_by_id(BlockFile& file, std::size_t from_tick);

  std::string folder_;
  LiveTable& live_;
  Head head_;
  DatedFile file_;
  std::size_t journaled_ = 0;               // ticks of the head
  std::vector<Chunk> journal_;              // which hold these
  std::map<std::int64_t, Stretches> told_;  // by day, of the last days that were written to
  std::uint64_t lost_samples_ = 0;
  std::uint64_t heads_ = 0;
};

}  // namespace ullage::history
