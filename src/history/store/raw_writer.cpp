// SPDX-License-Identifier: Apache-2.0
#include "history/store/raw_writer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "history/block.h"
#include "history/chunk_store.h"
#include "history/id_set.h"
#include "history/store/block_file.h"
#include "history/store/dated_file.h"
#include "history/store/head.h"
#include "history/store/history_files.h"
#include "history/store/live_table.h"
#include "history/store/packed_key.h"
#include "history/store/stretches.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// At some 80 ns a sample to read and write it again, about five milliseconds of a flush.
constexpr std::size_t kRewrittenPerFlush = 64'000;
constexpr std::size_t kDaysRemembered = 4;

std::size_t count_present(std::span<const double> values) {
  return values.size() - static_cast<std::size_t>(std::ranges::count_if(values, is_absent));
}

}  // namespace

bool RawWriter::accepts(std::int64_t time_ms) {
  const std::int64_t day = time_ms / kDayMs;
  const auto known = told_.find(day);
  if (known != told_.end() && known->second.contains(time_ms)) return false;
  if (file_.is_for(time_ms)) return true;

  // Another day. The last chance of the one before, whose samples can go nowhere else.
  if (!flush(What::whole)) drop_first(head_.ticks());
  forget_head();
  if (known == told_.end()) {
    Stretches told;
    // What was told of it before, by us or before a restart. One that is not there need not be made yet.
    if (file_exists(folder_ + "/" + file_for(Tier::raw, time_ms).name))
      if (const auto file = file_.at(time_ms)) told = (*file)->stretches_at_opening();
    while (told_.size() >= kDaysRemembered)
      told_.erase(told_.begin()->first == day ? --told_.end() : told_.begin());
    const Stretches& remembered = told_.emplace(day, std::move(told)).first->second;
    if (remembered.contains(time_ms)) return false;
  }
  file_.aim(time_ms);
  return true;
}

void RawWriter::will_tell(std::int64_t time_ms) { told_[time_ms / kDayMs].add({time_ms, time_ms}); }

void RawWriter::make_room(std::size_t values) {
  if (head_.ticks() < kTicksPerBlock && head_.has_room(head_.columns() + values)) return;
  if (flush(What::whole)) return;
  // Half at once, since what stays must be moved.
  while (head_.ticks() > 0 && !(head_.ticks() < kTicksPerBlock && head_.has_room(head_.columns() + values)))
    drop_first((head_.ticks() + 1) / 2);
}

void RawWriter::drop_first(std::size_t ticks) {
  // What is in the journal stays there, in small chunks; all of it, since none may be written twice.
  for (std::size_t tick = journaled_; tick < ticks; ++tick)
    for (std::size_t column = 0; column < head_.columns(); ++column)
      lost_samples_ += head_.has(column, tick) ? 1 : 0;
  head_.drop_first(std::max(ticks, journaled_));
  journaled_ = 0;
  if (file_.current() != nullptr)
    for (Chunk& chunk : journal_) file_.current()->will_rewrite(std::move(chunk));
  journal_.clear();
  if (head_.ticks() == 0) forget_head();
}

void RawWriter::forget_head() {
  for (std::size_t column = 0; column < head_.columns(); ++column)
    live_.hot(head_.place(column)).column = kNone;
  head_.clear();
  journaled_ = 0;
  journal_.clear();
  ++heads_;
}

Result<void> RawWriter::flush(What what) {
  if (head_.ticks() == 0) {
    (void)file_.work(kRewrittenPerFlush);
    return {};
  }
  auto file = file_.at(head_.times_ms().front());
  if (!file) return pass_on(file);
  const bool is_full = head_.ticks() >= kTicksPerBlock || !head_.has_room(head_.columns() * 2);
  const bool whole = what == What::whole || is_full;
  if (!whole && journaled_ == head_.ticks()) {
    (void)file_.work(kRewrittenPerFlush);
    return {};
  }
  auto done = whole ? write_whole(**file) : write_news(**file);
  if (!done && file_.give_up_damaged()) {
    // The journal is in a file that nobody writes to any more: all of the head goes into the next.
    journaled_ = 0;
    journal_.clear();
  }
  return done;
}

metric::SeriesId RawWriter::id_in_file(BlockFile& file, std::uint32_t place) {
  LiveSeries& series = live_.series(place);
  if (series.raw.epoch != file_.epoch())
    series.raw = {file.add_series(unpack_key(series.key)), file_.epoch()};
  return series.raw.id;
}

RawWriter::ColumnsById RawWriter::columns_by_id(BlockFile& file, std::size_t from_tick) {
  ColumnsById columns;
  for (std::size_t column = 0; column < head_.columns(); ++column) {
    bool any = false;
    for (std::size_t tick = head_.ticks(); tick-- > from_tick && !any;) any = head_.has(column, tick);
    if (any) columns.emplace_back(id_in_file(file, head_.place(column)), column);
  }
  std::ranges::sort(columns);
  return columns;
}

Result<void> RawWriter::write_news(BlockFile& file) {
  Block block;
  const auto times = head_.times_ms().subspan(journaled_);
  block.times_ms.assign(times.begin(), times.end());
  Chunk chunk{.begin_ms = times.front(), .end_ms = times.back(), .ticks = times.size()};
  for (const auto& [id, column] : columns_by_id(file, journaled_)) {
    block.series.push_back(id);
    head_.read(column, journaled_, block.columns.emplace_back());
    chunk.samples += count_present(block.columns.back());
  }
  chunk.series = IdSet(block.series);
  auto done = file.transact([&]() -> Result<void> {
    chunk.id = file.new_chunk_id();
    if (auto inserted = file.store().insert_block(chunk.id, 0, block); !inserted) return inserted;
    return file.store().insert_chunk(chunk, 1);
  });
  if (!done) return done;
  journal_.push_back(std::move(chunk));
  journaled_ = head_.ticks();
  (void)file_.work(kRewrittenPerFlush);
  return {};
}

Result<void> RawWriter::write_whole(BlockFile& file) {
  Chunk chunk{
      .begin_ms = head_.times_ms().front(), .end_ms = head_.times_ms().back(), .ticks = head_.ticks()};
  const auto columns = columns_by_id(file, 0);
  auto done = file.transact([&]() -> Result<void> {
    for (const Chunk& part : journal_)
      if (auto erased = file.store().erase_chunk(part.id); !erased) return erased;
    return write_blocks(file, columns, chunk);
  });
  if (!done) return done;
  const std::size_t came_in = chunk.samples;
  file.will_rewrite(std::move(chunk));
  forget_head();
  (void)file_.work(std::max(kRewrittenPerFlush, came_in * 2));
  return {};
}

// As many columns as a full block has samples, at least; more where they are sparse (see Rewriter).
std::size_t RawWriter::fill_block(const ColumnsById& columns, std::size_t next, Block& block) const {
  block.series.clear();
  block.columns.clear();
  std::size_t samples = 0;
  for (; next < columns.size() && samples < kSeriesPerBlock * kTicksPerBlock; ++next) {
    if ((block.series.size() + 1) * head_.ticks() > kSamplesPerBlock) break;
    block.series.push_back(columns[next].first);
    head_.read(columns[next].second, 0, block.columns.emplace_back());
    samples += count_present(block.columns.back());
  }
  return next;
}

Result<void> RawWriter::write_blocks(BlockFile& file, const ColumnsById& columns, Chunk& chunk) {
  chunk.id = file.new_chunk_id();
  chunk.samples = 0;
  std::vector<metric::SeriesId> all;
  Block block;
  block.times_ms.assign(head_.times_ms().begin(), head_.times_ms().end());
  std::size_t part = 0;
  for (std::size_t next = 0; next < columns.size() || part == 0; ++part) {
    next = fill_block(columns, next, block);
    for (const std::vector<double>& column : block.columns) chunk.samples += count_present(column);
    if (auto inserted = file.store().insert_block(chunk.id, part, block); !inserted) return inserted;
    all.insert(all.end(), block.series.begin(), block.series.end());
  }
  chunk.series = IdSet(all);
  return file.store().insert_chunk(chunk, part);
}

void RawWriter::end_stretch() {
  if (!flush(What::whole)) drop_first(head_.ticks());
  if (file_.current() != nullptr) file_.current()->end_stretch();
}

void RawWriter::close() {
  if (!flush(What::whole)) drop_first(head_.ticks());
  file_.close();
}

}  // namespace ullage::history
