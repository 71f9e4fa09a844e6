// SPDX-License-Identifier: Apache-2.0
#include "history/history_source.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/gaps.h"
#include "history/matching.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "history/store/bucket.h"
#include "history/store/gathering.h"
#include "history/store/history_files.h"
#include "history/store/open_files.h"
#include "history/store/sort_stably.h"
#include "history/store/stored_file.h"
#include "history/store/stretches.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// In order, each time once: the first that was written stays.
void put_in_order(Gathered& gathered) {
  if (gathered.spacing.is_ascending()) return;
  std::vector<Sample>& samples = gathered.samples;
  if (!std::ranges::is_sorted(samples, {}, &Sample::time_ms)) sort_stably(samples, &Sample::time_ms);
  const auto repeated = std::ranges::unique(samples, {}, &Sample::time_ms);
  samples.erase(repeated.begin(), repeated.end());
  gathered.spacing = {};
  gathered.spacing.add(samples);
}

std::span<const Sample> within(const std::vector<Sample>& samples, std::int64_t after_ms,
                               std::int64_t until_ms) {
  const auto begin = std::ranges::upper_bound(samples, after_ms, {}, &Sample::time_ms);
  const auto end = std::ranges::upper_bound(samples, until_ms, {}, &Sample::time_ms);
  return std::span(samples).subspan(static_cast<std::size_t>(begin - samples.begin()),
                                    static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, end - begin)));
}

bool is_within(const std::vector<StoredFile::Place>& chunks, const Selection& selection) {
  return std::ranges::all_of(chunks, [&](const StoredFile::Place& chunk) {
    return chunk.begin_ms > selection.begin_ms && chunk.end_ms <= selection.end_ms;
  });
}

// Those that overlap as one, in order.
std::vector<Stretch> join(std::vector<Stretch> stretches) {
  std::ranges::sort(stretches, {}, &Stretch::begin_ms);
  std::vector<Stretch> joined;
  for (const Stretch& stretch : stretches) {
    if (!joined.empty() && stretch.begin_ms <= joined.back().end_ms)
      joined.back().end_ms = std::max(joined.back().end_ms, stretch.end_ms);
    else
      joined.push_back(stretch);
  }
  return joined;
}

}  // namespace

struct HistorySource::Impl {
  explicit Impl(const std::string& folder) : files(folder) {}
  OpenFiles files;

  // What is read is let go of at the end, however that comes.
  struct Reading {
    OpenFiles& files;
    ~Reading() { files.end_reading(); }
  };

  // Of raw files, those in (after, until].
  std::vector<Segment> raw_segments(std::int64_t after_ms, std::int64_t until_ms) {
    std::vector<Segment> segments;
    for (const HistoryFile& file : files.list())
      if (file.tier == Tier::raw && file.overlaps(after_ms, until_ms))
        if (StoredFile* stored = files.open(file))
          segments.push_back(
              {stored, {{std::max(after_ms + 1, file.begin_ms), std::min(until_ms, file.end_ms - 1)}}});
    return segments;
  }

  // Of a day that has no samples any more the minutes, of one that has no minutes either the hours.
  std::vector<Segment> best_segments(std::int64_t after_ms, std::int64_t until_ms) {
    std::vector<Segment> segments = raw_segments(after_ms, until_ms);
    std::vector<Stretch> covered;
    for (const HistoryFile& file : files.list()) {
      if (!file.overlaps(after_ms, until_ms)) continue;
      // Buckets end with their time: a tier's day is (begin, end].
      const Stretch of_file{file.begin_ms + 1, file.end_ms};
      if (file.tier == Tier::raw) {
        covered.push_back(of_file);
        continue;
      }
      std::vector<Stretch> ranges =
          without({{std::max(of_file.begin_ms, after_ms + 1), std::min(of_file.end_ms, until_ms)}},
                  file.tier == Tier::minute ? raw_days(file) : covered);
      if (file.tier == Tier::minute) covered.push_back(of_file);
      if (ranges.empty()) continue;
      if (StoredFile* stored = files.open(file)) segments.push_back({stored, std::move(ranges)});
    }
    // Coarser ones are older, but for days that are missing.
    sort_stably(segments, [](const Segment& segment) { return segment.ranges.front().begin_ms; });
    return segments;
  }
  std::vector<Stretch> raw_days(const HistoryFile& minutes) const {
    std::vector<Stretch> days;
    for (const HistoryFile& file : files.list())
      if (file.tier == Tier::raw && file.begin_ms == minutes.begin_ms)
        days.push_back({file.begin_ms + 1, file.end_ms});
    return days;
  }

  std::vector<Segment> tier_segments(Tier tier, std::int64_t after_ms, std::int64_t until_ms) {
    std::vector<Segment> segments;
    for (const HistoryFile& file : files.list())
      if (file.tier == tier && file.overlaps(after_ms, until_ms))
        if (StoredFile* stored = files.open(file)) segments.push_back({stored, {{after_ms + 1, until_ms}}});
    return segments;
  }

  // The raw ticks in [begin, end] that these files of a tier tell nothing of, as far as there are any.
  std::vector<Stretch> untold(std::span<const Segment> tier, std::int64_t begin_ms, std::int64_t end_ms) {
    std::vector<Stretch> told;
    for (const Segment& segment : tier) std::ranges::copy(segment.file->told(), std::back_inserter(told));
    std::vector<Stretch> left = without({{begin_ms, end_ms}}, told);
    std::erase_if(left, [this](const Stretch& stretch) {
      return std::ranges::none_of(files.list(), [&](const HistoryFile& file) {
        return file.tier == Tier::raw && file.begin_ms <= stretch.end_ms && file.end_ms > stretch.begin_ms;
      });
    });
    return left;
  }
  // A told stretch may stand in the file of the bucket after the one asked for.
  std::vector<Segment> told_segments(Tier tier, std::int64_t begin_ms, std::int64_t end_ms) {
    return tier_segments(tier, begin_ms - 1, std::min(kTimeMsMax, end_ms + width_ms(tier)));
  }

  // Those as far as there are ticks: what is told would otherwise be more than there is to tell.
  std::vector<Stretch> untold_ticks(Tier tier, std::int64_t begin_ms, std::int64_t end_ms) {
    std::vector<Segment> raw;
    add_raw(raw, untold(told_segments(tier, begin_ms, end_ms), begin_ms, end_ms));
    std::vector<Stretch> ticks;
    for (const Segment& segment : raw)
      for (const Stretch& range : segment.ranges)
        for (const StoredFile::Place& chunk : segment.file->chunks())
          if (chunk.begin_ms <= range.end_ms && chunk.end_ms >= range.begin_ms)
            ticks.push_back({std::max(chunk.begin_ms, range.begin_ms), std::min(chunk.end_ms, range.end_ms)});
    return join(std::move(ticks));
  }

  void add_raw(std::vector<Segment>& segments, const std::vector<Stretch>& stretches) {
    for (const HistoryFile& file : files.list()) {
      if (file.tier != Tier::raw) continue;
      std::vector<Stretch> ranges;
      for (const Stretch& stretch : stretches)
        if (file.begin_ms <= stretch.end_ms && file.end_ms > stretch.begin_ms) ranges.push_back(stretch);
      if (ranges.empty()) continue;
      StoredFile* stored = files.open(file);
      if (stored == nullptr) continue;
      std::erase_if(ranges, [&](const Stretch& range) {
        return std::ranges::none_of(stored->chunks(), [&](const StoredFile::Place& chunk) {
          return chunk.begin_ms <= range.end_ms && chunk.end_ms >= range.begin_ms;
        });
      });
      if (!ranges.empty()) segments.push_back({stored, std::move(ranges)});
    }
  }
};

HistorySource::HistorySource(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HistorySource::HistorySource(HistorySource&&) noexcept = default;
HistorySource& HistorySource::operator=(HistorySource&&) noexcept = default;
HistorySource::~HistorySource() = default;

Result<HistorySource> HistorySource::open(const std::string& folder) {
  auto impl = std::make_unique<Impl>(folder);
  if (auto listed = impl->files.refresh(); !listed) return pass_on(listed);
  return HistorySource(std::move(impl));
}

std::vector<std::string> HistorySource::problems() const { return impl_->files.problems(); }

Result<void> HistorySource::select(const Selection& selection, const VisitSamples& visit) const {
  auto matching = Matching::compile(selection.matchers);
  if (!matching) return pass_on(matching);
  if (auto listed = impl_->files.refresh(); !listed) return listed;
  const Impl::Reading reading{impl_->files};
  const std::vector<Segment> segments = impl_->best_segments(selection.begin_ms, selection.end_ms);
  const Pace pace = pace_of(segments);
  return gather(segments, find_series(segments, *matching), TierAs::samples,
                [&](const metric::SeriesKey& key, Gathered& gathered) -> Result<void> {
                  if (gathered.samples.empty()) return {};
                  put_in_order(gathered);
                  mark_gaps(gathered.samples, gathered.spacing, pace.newest_ms, pace.tick_ms);
                  const auto asked = within(gathered.samples, selection.begin_ms, selection.end_ms);
                  const bool any =
                      std::ranges::any_of(asked, [](const Sample& s) { return !is_absent(s.value); });
                  return any ? visit(key, asked) : Result<void>();
                });
}

std::int64_t HistorySource::tier_ms(const Selection& selection, std::int64_t divisor_ms) const {
  if (divisor_ms <= 0 || !impl_->files.refresh()) return 0;
  const std::vector<HistoryFile>& files = impl_->files.list();
  const auto has = [&](Tier tier) {
    return std::ranges::any_of(files, [&](const HistoryFile& file) {
      return file.tier == tier && file.overlaps(selection.begin_ms, selection.end_ms);
    });
  };
  if (divisor_ms % kHourMs == 0 && has(Tier::hour)) return kHourMs;
  if (divisor_ms % kMinuteMs != 0 || !has(Tier::minute)) return 0;
  // The hours go further back: what they have and the minutes do not would be missing.
  const auto oldest = [&](Tier tier) {
    std::int64_t begin = INT64_MAX;
    for (const HistoryFile& file : files)
      if (file.tier == tier) begin = std::min(begin, file.begin_ms);
    return begin;
  };
  const std::int64_t minutes_from = std::min(oldest(Tier::minute), oldest(Tier::raw));
  // The file of the hours begins with its month.
  const bool is_covered =
      selection.begin_ms >= minutes_from || std::ranges::none_of(files, [&](const HistoryFile& file) {
        return file.tier == Tier::hour && file.end_ms <= minutes_from &&
               file.overlaps(selection.begin_ms, selection.end_ms);
      });
  return is_covered ? kMinuteMs : 0;
}

Result<void> HistorySource::select_buckets(const Selection& selection, std::int64_t tier_ms,
                                           const VisitBuckets& visit) const {
  if (tier_ms != kMinuteMs && tier_ms != kHourMs)
    return SeriesSource::select_buckets(selection, tier_ms, visit);
  auto matching = Matching::compile(selection.matchers);
  if (!matching) return pass_on(matching);
  if (auto listed = impl_->files.refresh(); !listed) return listed;
  const Impl::Reading reading{impl_->files};
  const Tier tier = tier_ms == kMinuteMs ? Tier::minute : Tier::hour;
  // The buckets that end in (begin, end], and the ticks in them.
  const std::int64_t first_ms = std::max<std::int64_t>(0, selection.begin_ms) / tier_ms * tier_ms + 1;
  const std::int64_t last_ms = std::min(kTimeMsMax, selection.end_ms) / tier_ms * tier_ms;
  if (last_ms < first_ms) return {};
  // A bucket that lacks some is made up from samples as a whole, so that its last is the last.
  std::vector<Stretch> made_up;
  for (const Stretch& range : impl_->untold_ticks(tier, first_ms, last_ms))
    made_up.push_back({(range.begin_ms - 1) / tier_ms * tier_ms + 1, bucket_of(range.end_ms, tier_ms)});
  made_up = join(std::move(made_up));
  std::vector<Segment> segments;
  for (Segment& segment : impl_->tier_segments(tier, selection.begin_ms, last_ms)) {
    segment.ranges = without(segment.ranges, made_up);
    if (!segment.ranges.empty()) segments.push_back(std::move(segment));
  }
  impl_->add_raw(segments, made_up);
  return gather(segments, find_series(segments, *matching), TierAs::buckets,
                [&](const metric::SeriesKey& key, Gathered& gathered) -> Result<void> {
                  if (!gathered.samples.empty()) {
                    put_in_order(gathered);
                    std::ranges::copy(to_buckets(gathered.samples, tier_ms),
                                      std::back_inserter(gathered.buckets));
                  }
                  if (gathered.buckets.empty()) return {};
                  merge_buckets(gathered.buckets);
                  return visit(key, gathered.buckets);
                });
}

Result<void> HistorySource::select_series(const Selection& selection, const VisitSeries& visit) const {
  auto matching = Matching::compile(selection.matchers);
  if (!matching) return pass_on(matching);
  if (auto listed = impl_->files.refresh(); !listed) return listed;
  const Impl::Reading reading{impl_->files};
  const std::vector<Segment> segments = impl_->best_segments(selection.begin_ms, selection.end_ms);
  FoundSeries found = find_series(segments, *matching);
  // A series is in a file because it has a sample there: one that has nothing outside of what is asked for
  // need not be read.
  std::vector<bool> is_there(found.size());
  for (std::size_t segment = 0; segment < segments.size(); ++segment) {
    const StoredFile& file = *segments[segment].file;
    if (file.name().tier == Tier::raw && is_within(file.chunks(), selection))
      for (const StoredFile::Wanted& each : found.in(segment)) is_there[each.index] = true;
  }
  found.leave_out(is_there);
  std::size_t next = 0;
  return gather(segments, found, TierAs::samples,
                [&](const metric::SeriesKey& key, const Gathered& gathered) -> Result<void> {
                  return is_there[next++] || !gathered.samples.empty() ? visit(key) : Result<void>();
                });
}

Result<std::vector<HistorySource::Untold>> HistorySource::untold(std::int64_t tier_ms, std::int64_t begin_ms,
                                                                 std::int64_t end_ms) const {
  if (auto listed = impl_->files.refresh(); !listed) return pass_on(listed);
  const Impl::Reading reading{impl_->files};
  const Tier tier = tier_ms == kMinuteMs ? Tier::minute : Tier::hour;
  std::vector<Untold> untold;
  for (const Stretch& stretch : impl_->untold_ticks(tier, begin_ms, end_ms))
    untold.push_back({stretch.begin_ms, stretch.end_ms});
  return untold;
}

}  // namespace ullage::history
