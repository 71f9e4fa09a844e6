// SPDX-License-Identifier: Apache-2.0
// Makes few large chunks out of many small ones, and thins them where halving was asked for. The work is done
// in slices of a bounded number of samples, so that no tick waits for it; a chunk under construction is seen
// by no reader, and takes the place of its sources in one transaction. Each sample is rewritten twice
// on its way to a full chunk, and once a halving.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "history/chunk_store.h"
#include "history/sqlite.h"

namespace ullage::history {

struct RewritePlan {
  std::size_t begin;  // of the sources among the chunks
  std::size_t count;
  std::size_t group;  // this many ticks become one
};
enum class Urgency { when_worthwhile, to_the_end };
// What to do next with these chunks, if anything. Those before `settled` are as they shall be, which it moves
// on.
std::optional<RewritePlan> plan_rewrite(std::span<const Chunk> chunks, std::size_t& settled, Urgency urgency);
// The ticks that will be there when all halvings are done.
std::uint64_t ticks_after_rewriting(std::span<const Chunk> chunks);

class Rewriter {
 public:
  using IsCounter = std::function<bool(metric::SeriesId)>;
  // `part_columns`: how many columns a block of a large chunk has where they are full; sparse ones stand more
  // together, in whole multiples of it.
  Rewriter(Database& database, ChunkStore& store, std::size_t part_columns = kSeriesPerBlock)
      : database_(database), store_(store), part_columns_(part_columns) {}

  // Works on the plan, at most about `samples_max` samples of it in one transaction. True when nothing is
  // left to do.
  Result<bool> work(std::vector<Chunk>& chunks, std::int64_t& next_chunk_id, const IsCounter& is_counter,
                    std::size_t samples_max, Urgency urgency);
  void halving_asked() { settled_ = 0; }
  // Takes off what needs no more work, where nobody will ask for a halving.
  void forget_settled(std::vector<Chunk>& chunks);
  // After work() failed for good: takes what is half built out of the file.
  Result<void> abandon();

 private:
  struct Job {
    RewritePlan plan;
    Chunk target;
    std::vector<metric::SeriesId> all;  // the target's series
    std::vector<std::int64_t> source_times_ms;
    unsigned halvings_done = 0;
    std::size_t part_columns = 0;  // a block of the target
    std::size_t next_part = 0;
  };
  Result<void> start(const RewritePlan& plan, std::span<const Chunk> chunks, std::int64_t target_id);
  using SourceViews = std::vector<std::vector<BlockView>>;
  Result<void> write_parts(std::span<const Chunk> sources, const IsCounter& is_counter, std::size_t end_part);
  Result<void> write_next_part(std::span<const Chunk> sources, const SourceViews& views,
                               const IsCounter& is_counter);
  Result<void> replace_sources(std::span<const Chunk> sources);
  std::size_t parts() const;

  Database& database_;
  ChunkStore& store_;
  std::size_t part_columns_;
  std::optional<Job> job_;
  std::size_t settled_ = 0;
};

}  // namespace ullage::history
