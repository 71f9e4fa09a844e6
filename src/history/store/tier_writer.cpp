// SPDX-License-Identifier: Apache-2.0
#include "history/store/tier_writer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/chunk_store.h"
#include "history/id_set.h"
#include "history/series_source.h"
#include "history/store/block_file.h"
#include "history/store/dated_file.h"
#include "history/store/live_table.h"
#include "history/store/packed_key.h"
#include "history/store/stretches.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::size_t kRewrittenPerFlush = 64'000;
// Of a small chunk. Larger blocks would be few and quick to write; but who joins 24 of them reads all of
// each.
constexpr std::size_t kColumnsPerSmallBlock = 1920;

Result<Chunk> insert(BlockFile& file, Block& block) {
  Chunk chunk{.id = file.new_chunk_id(),
              .begin_ms = block.times_ms.front(),
              .end_ms = block.times_ms.back(),
              .ticks = block.times_ms.size(),
              .samples = block.times_ms.size() * block.series.size(),
              .series = IdSet(block.series)};
  std::size_t parts = 0;
  Block part;
  part.times_ms = block.times_ms;
  for (std::size_t begin = 0; begin < block.series.size(); begin += kColumnsPerSmallBlock, ++parts) {
    const auto count =
        static_cast<std::ptrdiff_t>(std::min(kColumnsPerSmallBlock, block.series.size() - begin));
    const auto series = block.series.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto columns = std::make_move_iterator(block.columns.begin() + static_cast<std::ptrdiff_t>(begin));
    part.series.assign(series, series + count);
    part.columns.assign(columns, columns + count);
    if (auto done = file.store().insert_block(chunk.id, parts, part); !done) return pass_on(done);
  }
  if (auto done = file.store().insert_chunk(chunk, parts); !done) return pass_on(done);
  return chunk;
}

}  // namespace

void TierWriter::see_tick(std::int64_t time_ms, bool is_break) {
  if (is_break && seen_) seen_before_.push_back(*std::exchange(seen_, std::nullopt));
  if (!seen_) seen_ = Stretch{time_ms, time_ms};
  seen_->end_ms = time_ms;
}

bool TierWriter::ready(std::int64_t bucket_ms) {
  if (!file_.is_for(bucket_ms)) {
    // The last chance of the file before: what it cannot take now stays with the raw samples.
    if (!flush()) drop_pending();
    if (seen_) seen_->begin_ms = std::max(seen_->begin_ms, told_until_ms_ + 1);
  }
  return file_.at(bucket_ms).has_value();
}

bool TierWriter::begin_bucket(std::int64_t bucket_ms) {
  if (!ready(bucket_ms)) {
    give_up();
    return false;
  }
  tick_.clear();
  tick_.time_ms = bucket_ms;
  return true;
}

bool TierWriter::keeps(bool is_whole) {
  if (!is_whole) give_up();
  return is_whole;
}

metric::SeriesId TierWriter::id_of(const LiveSeries& series, IdInFile& id) {
  if (id.epoch != file_.epoch()) id = {file_.current()->add_series(unpack_key(series.key)), file_.epoch()};
  return id.id;
}

void TierWriter::put(metric::SeriesId series, const Bucket& bucket) {
  const metric::SeriesId column = series * 5;
  tick_.add(column, bucket.min);
  tick_.add(column + 1, bucket.max);
  tick_.add(column + 2, bucket.sum);
  tick_.add(column + 3, bucket.count);
  tick_.add(column + 4, bucket.last);
}

void TierWriter::end_bucket() {
  if (pending_.samples() + tick_.values.size() > kSamplesPerBlock / 2) (void)flush();
  if (pending_.samples() + tick_.values.size() > kSamplesPerBlock) {
    left_out_ += tick_.values.size() / 5;
    return give_up();
  }
  if (!tick_.values.empty()) pending_.add(tick_);
  tick_.values = {};  // for the next 59 seconds
  std::ranges::move(std::exchange(seen_before_, {}), std::back_inserter(to_tell_));
  if (seen_) {
    const auto same = std::ranges::find(to_tell_, seen_->begin_ms, &Stretch::begin_ms);
    if (same == to_tell_.end())
      to_tell_.push_back(*seen_);
    else
      *same = *seen_;
    told_until_ms_ = seen_->end_ms;
  }
}

void TierWriter::give_up() {
  seen_.reset();
  seen_before_.clear();
}

void TierWriter::drop_pending() {
  left_out_ += pending_.samples() / 5;
  pending_.remove_first(pending_.size());
  to_tell_.clear();
  // What is not in a bucket yet will be in one.
  if (seen_) seen_->begin_ms = std::max(seen_->begin_ms, told_until_ms_ + 1);
}

void TierWriter::end_stretch() {
  if (!flush()) drop_pending();
  give_up();
  told_until_ms_ = 0;
  if (file_.current() != nullptr) file_.current()->end_stretch();
}

Result<void> TierWriter::flush() {
  BlockFile* file = file_.current();
  if (file == nullptr) return {};
  if (pending_.size() == 0 && to_tell_.empty()) {
    (void)file_.work(kRewrittenPerFlush);
    return {};
  }
  std::vector<Chunk> written;
  auto done = file->transact([&]() -> Result<void> {
    written.clear();
    for (std::size_t begin = 0; begin < pending_.size();) {
      Block block = pending_.block_from(begin);
      begin += block.times_ms.size();
      auto chunk = insert(*file, block);
      if (!chunk) return pass_on(chunk);
      written.push_back(std::move(*chunk));
    }
    return file->tell(to_tell_);
  });
  if (!done) {
    if (file_.give_up_damaged()) drop_pending();
    return done;
  }
  const std::size_t came_in = pending_.samples();
  for (Chunk& chunk : written) file->will_rewrite(std::move(chunk));
  pending_.remove_first(pending_.size());
  to_tell_.clear();
  (void)file_.work(std::max(kRewrittenPerFlush, came_in * 3));
  return {};
}

}  // namespace ullage::history
