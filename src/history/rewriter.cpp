// SPDX-License-Identifier: Apache-2.0
#include "history/rewriter.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/chunk_store.h"
#include "history/id_set.h"
#include "history/merge.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// With one tick a flush a full chunk is 25 of 24: that many tiny chunks make one small.
constexpr std::size_t kTinyTicks = 24;
constexpr std::size_t kTinyChunks = 24;
constexpr std::size_t kNearlyFullTicks = kTicksPerBlock * 5 / 6;
constexpr std::size_t kCellsPerSample = 4;
constexpr unsigned kHalvingsMax = 16;  // in one step; 2 000 ticks are then one

std::size_t after_halving(std::size_t ticks, unsigned halvings) {
  const unsigned shift = std::min(halvings, kHalvingsMax);
  return (ticks + (std::size_t{1} << shift) - 1) >> shift;
}

// As many chunks from `begin` on, with as many halvings left to do, as fit in one block when thinned. Where
// series come and go fast, a long chunk would be mostly holes: it then ends earlier.
RewritePlan fill_block(std::span<const Chunk> chunks, std::size_t begin) {
  const unsigned halvings = chunks[begin].halvings;
  std::size_t ticks = 0;
  std::size_t samples = 0;
  IdSet all;
  std::size_t end = begin;
  for (; end < chunks.size() && chunks[end].halvings == halvings; ++end) {
    const Chunk& chunk = chunks[end];
    all.unite(chunk.series);
    ticks += chunk.ticks;
    samples += chunk.samples;
    const bool fits =
        after_halving(ticks, halvings) <= kTicksPerBlock && ticks * all.size() <= samples * kCellsPerSample;
    if (end > begin && !fits) break;
  }
  return {begin, end - begin, std::size_t{1} << std::min(halvings, kHalvingsMax)};
}

std::size_t count_ticks(std::span<const Chunk> chunks) {
  std::size_t ticks = 0;
  for (const Chunk& chunk : chunks) ticks += chunk.ticks;
  return ticks;
}

// How many columns a block has, in multiples of `full_columns`: as many as hold together the samples of that
// many full ones. What a block costs beside its samples, its times first, is then little, however short its
// series lived.
std::size_t columns_of_part(std::span<const Chunk> sources, std::size_t series, std::size_t ticks,
                            std::size_t full_columns) {
  std::size_t samples = 0;
  for (const Chunk& source : sources) samples += source.samples;
  const std::size_t columns = full_columns * kTicksPerBlock * series / std::max<std::size_t>(1, samples);
  const std::size_t columns_max = kSamplesPerBlock / std::max<std::size_t>(1, ticks);
  return std::max<std::size_t>(1, std::min(columns, columns_max) / full_columns) * full_columns;
}

// One series over all the sources, absent where it did not live.
Result<void> read_whole_column(std::span<const Chunk> sources, std::span<const std::vector<BlockView>> views,
                               metric::SeriesId wanted, std::vector<double>& column) {
  std::vector<double> values;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::size_t before = column.size();
    column.resize(before + sources[i].ticks, kAbsent);
    for (const BlockView& view : views[i]) {
      const auto found = std::ranges::lower_bound(view.series(), wanted);
      if (found == view.series().end() || *found != wanted) continue;
      const auto index = static_cast<std::size_t>(found - view.series().begin());
      if (auto read = view.read_column(index, values); !read) return read;
      if (values.size() != sources[i].ticks)
        return fail(Error{.what = "a block of another length than its chunk", .system_error = EBADMSG});
      std::ranges::copy(values, column.begin() + static_cast<std::ptrdiff_t>(before));
    }
  }
  return {};
}

}  // namespace

std::uint64_t ticks_after_rewriting(std::span<const Chunk> chunks) {
  std::uint64_t ticks = 0;
  for (std::size_t begin = 0; begin < chunks.size();) {
    if (chunks[begin].halvings == 0) {
      ticks += chunks[begin++].ticks;
      continue;
    }
    const RewritePlan plan = fill_block(chunks, begin);
    ticks += after_halving(count_ticks(chunks.subspan(begin, plan.count)), chunks[begin].halvings);
    begin += plan.count;
  }
  return ticks;
}

std::optional<RewritePlan> plan_rewrite(std::span<const Chunk> chunks, std::size_t& settled,
                                        Urgency urgency) {
  for (std::size_t i = 0; i < chunks.size(); ++i)
    if (chunks[i].halvings > 0) return fill_block(chunks, i);

  for (; settled < chunks.size(); ++settled) {
    if (chunks[settled].ticks >= kNearlyFullTicks) continue;
    const RewritePlan plan = fill_block(chunks, settled);
    const bool is_last = plan.begin + plan.count == chunks.size();
    const bool is_full = count_ticks(chunks.subspan(plan.begin, plan.count)) == kTicksPerBlock;
    if (is_last && !is_full && urgency == Urgency::when_worthwhile) break;  // more may come to it
    if (plan.count > 1) return plan;
  }
  if (urgency == Urgency::to_the_end) return std::nullopt;

  std::size_t begin = chunks.size();
  while (begin > settled && chunks[begin - 1].ticks < kTinyTicks) --begin;
  if (chunks.size() - begin < kTinyChunks) return std::nullopt;
  const RewritePlan plan = fill_block(chunks, begin);
  return plan.count > 1 ? std::optional(plan) : std::nullopt;
}

Result<bool> Rewriter::work(std::vector<Chunk>& chunks, std::int64_t& next_chunk_id,
                            const IsCounter& is_counter, std::size_t samples_max, Urgency urgency) {
  if (!job_) {
    const auto plan = plan_rewrite(chunks, settled_, urgency);
    if (!plan) return true;
    if (auto started = start(*plan, chunks, next_chunk_id); !started) return pass_on(started);
    ++next_chunk_id;
  }
  const std::span<const Chunk> sources = std::span(chunks).subspan(job_->plan.begin, job_->plan.count);
  const std::size_t part_samples =
      std::max<std::size_t>(1, job_->source_times_ms.size() * job_->part_columns);
  const std::size_t slice = std::max<std::size_t>(1, samples_max / part_samples);
  const std::size_t first_part = job_->next_part;
  const std::size_t samples_before = job_->target.samples;
  const std::size_t end = std::min(parts(), first_part + slice);

  const auto in_transaction = [&]() -> Result<void> {
    if (auto begun = database_.execute("BEGIN IMMEDIATE"); !begun) return begun;
    if (auto written = write_parts(sources, is_counter, end); !written) return written;
    if (end == parts())
      if (auto replaced = replace_sources(sources); !replaced) return replaced;
    return database_.execute("COMMIT");
  };
  if (auto done = in_transaction(); !done) {
    (void)database_.execute("ROLLBACK");  // fails when SQLite has rolled back by itself
    job_->next_part = first_part;
    job_->target.samples = samples_before;
    return pass_on(done);
  }
  if (end < parts()) return false;

  job_->target.halvings = sources.front().halvings - job_->halvings_done;
  const auto at = chunks.begin() + static_cast<std::ptrdiff_t>(job_->plan.begin);
  *at = std::move(job_->target);
  chunks.erase(at + 1, at + static_cast<std::ptrdiff_t>(job_->plan.count));
  job_.reset();
  return false;
}

std::size_t Rewriter::parts() const {
  return std::max<std::size_t>(1, (job_->all.size() + job_->part_columns - 1) / job_->part_columns);
}

void Rewriter::forget_settled(std::vector<Chunk>& chunks) {
  if (job_) return;  // it says where its sources stand
  chunks.erase(chunks.begin(),
               chunks.begin() + static_cast<std::ptrdiff_t>(std::min(settled_, chunks.size())));
  settled_ = 0;
}

Result<void> Rewriter::abandon() {
  if (!job_) return {};
  const std::int64_t target = job_->target.id;
  job_.reset();
  return store_.erase_chunk(target);
}

Result<void> Rewriter::start(const RewritePlan& plan, std::span<const Chunk> chunks, std::int64_t target_id) {
  const std::span<const Chunk> sources = chunks.subspan(plan.begin, plan.count);
  Job job{.plan = plan, .target = {}, .all = {}, .source_times_ms = {}};
  IdSet all;
  for (const Chunk& source : sources) {
    auto blocks = store_.blocks(source.id, 0, source.series.empty() ? UINT32_MAX : source.series.front());
    if (!blocks) return pass_on(blocks);
    if (blocks->empty() || blocks->front().times_ms().size() != source.ticks)
      return fail(Error{.what = "a block that was written has gone", .system_error = EBADMSG});
    const auto& times = blocks->front().times_ms();
    job.source_times_ms.insert(job.source_times_ms.end(), times.begin(), times.end());
    all.unite(source.series);
  }
  while ((std::size_t{1} << job.halvings_done) < plan.group) ++job.halvings_done;
  job.target = {.id = target_id,
                .begin_ms = job.source_times_ms[std::min(plan.group, job.source_times_ms.size()) - 1],
                .end_ms = job.source_times_ms.back(),
                .ticks = after_halving(job.source_times_ms.size(), job.halvings_done),
                .samples = 0,
                .halvings = 0,
                .series = all};
  job.all = all.ids();
  job.part_columns = columns_of_part(sources, job.all.size(), job.target.ticks, part_columns_);
  job_ = std::move(job);
  return {};
}

Result<void> Rewriter::write_parts(std::span<const Chunk> sources, const IsCounter& is_counter,
                                   std::size_t end_part) {
  const std::vector<metric::SeriesId>& all = job_->all;
  const std::size_t begin = job_->next_part * job_->part_columns;
  const std::size_t end = std::min(all.size(), end_part * job_->part_columns);
  // Opened once for all parts: the newest chunks hold all their series in one block.
  SourceViews views(sources.size());
  for (std::size_t i = 0; i < sources.size() && begin < end; ++i) {
    auto blocks = store_.blocks(sources[i].id, all[begin], all[end - 1]);
    if (!blocks) return pass_on(blocks);
    views[i] = std::move(*blocks);
  }
  while (job_->next_part < end_part)
    if (auto written = write_next_part(sources, views, is_counter); !written) return written;
  return {};
}

Result<void> Rewriter::write_next_part(std::span<const Chunk> sources, const SourceViews& views,
                                       const IsCounter& is_counter) {
  const std::vector<std::int64_t>& times_ms = job_->source_times_ms;
  const std::size_t group = job_->plan.group;
  std::size_t samples = 0;
  Block block;
  for (std::size_t tick = 0; tick < times_ms.size(); tick += group)
    block.times_ms.push_back(times_ms[std::min(tick + group, times_ms.size()) - 1]);

  const std::vector<metric::SeriesId>& all = job_->all;
  const std::size_t begin = job_->next_part * job_->part_columns;
  for (std::size_t i = begin; i < std::min(all.size(), begin + job_->part_columns); ++i) {
    std::vector<double> column;
    if (auto read = read_whole_column(sources, views, all[i], column); !read) return read;
    if (group > 1) {
      const auto merge = is_counter(all[i]) ? merge_counter : merge_gauge;
      std::vector<double> thinned;
      for (std::size_t tick = 0; tick < column.size(); tick += group)
        thinned.push_back(merge(std::span(column).subspan(tick, std::min(group, column.size() - tick))));
      column = std::move(thinned);
    }
    samples += column.size() - static_cast<std::size_t>(std::ranges::count_if(column, is_absent));
    block.columns.push_back(std::move(column));
    block.series.push_back(all[i]);
  }
  if (auto written = store_.insert_block(job_->target.id, job_->next_part, block); !written) return written;
  job_->target.samples += samples;
  ++job_->next_part;
  return {};
}

Result<void> Rewriter::replace_sources(std::span<const Chunk> sources) {
  for (const Chunk& source : sources)
    if (auto erased = store_.erase_chunk(source.id); !erased) return erased;
  return store_.insert_chunk(job_->target, parts());
}

}  // namespace ullage::history
