// SPDX-License-Identifier: Apache-2.0
#include "history/store/catch_up.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/history_source.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "history/store/bucket.h"
#include "history/store/history_files.h"
#include "history/store/live_table.h"
#include "history/store/packed_key.h"
#include "history/store/tier_writer.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// What one window's buckets may take in memory, at 40 bytes and their series' key each.
constexpr std::int64_t kBucketsWide = 4;
constexpr std::size_t kNewestDays = 2;

struct Missing {
  std::string key;
  std::vector<Bucket> buckets;
};
// By key, so that a series stands in a file once, however many windows it is in.
using Ids = std::unordered_map<std::string, LiveSeries>;

using Untold = HistorySource::Untold;

// The buckets of what is untold within a few buckets' time, each once: a killed writer leaves a stretch a
// flush.
Result<std::vector<Missing>> make_up(const HistorySource& source, std::span<const Untold> stretches,
                                     std::int64_t width_ms) {
  std::vector<Missing> missing;
  std::vector<Sample> untold;
  const Selection selection{
      .matchers = {}, .begin_ms = stretches.front().begin_ms - 1, .end_ms = stretches.back().end_ms};
  auto read = source.select(
      selection, [&](const metric::SeriesKey& key, std::span<const Sample> samples) -> Result<void> {
        untold.clear();
        auto stretch = stretches.begin();
        for (const Sample& sample : samples) {
          while (stretch != stretches.end() && stretch->end_ms < sample.time_ms) ++stretch;
          if (stretch != stretches.end() && stretch->begin_ms <= sample.time_ms) untold.push_back(sample);
        }
        auto buckets = to_buckets(untold, width_ms);
        if (!buckets.empty()) missing.push_back({pack_key(key), std::move(buckets)});
        return {};
      });
  if (!read) return pass_on(read);
  return missing;
}

// The first ticks of stretches that the tier has seen.
using Seen = std::set<std::int64_t>;

void see_ticks(TierWriter& tier, std::span<const Untold> stretches, std::int64_t bucket_ms, Seen& seen) {
  for (const Untold& stretch : stretches) {
    const std::int64_t begin = std::max(stretch.begin_ms, bucket_ms - tier.width() + 1);
    const std::int64_t end = std::min(stretch.end_ms, bucket_ms);
    if (begin > end) continue;
    tier.see_tick(begin, seen.insert(stretch.begin_ms).second);
    tier.see_tick(end, false);
  }
}

Result<std::uint64_t> tell(const HistorySource& source, TierWriter& tier, Ids& ids,
                           std::span<const Untold> stretches) {
  auto missing = make_up(source, stretches, tier.width());
  if (!missing) return pass_on(missing);
  std::map<std::int64_t, std::vector<std::pair<std::size_t, std::size_t>>> by_time;
  for (std::size_t i = 0; i < missing->size(); ++i)
    for (std::size_t b = 0; b < (*missing)[i].buckets.size(); ++b)
      by_time[(*missing)[i].buckets[b].time_ms].emplace_back(i, b);
  std::uint64_t told = 0;
  Seen seen;
  for (const auto& [time, which] : by_time) {
    see_ticks(tier, stretches, time, seen);
    if (!tier.begin_bucket(time)) return fail("the minutes or hours cannot be written");
    for (const auto& [i, b] : which) {
      LiveSeries& series = ids[(*missing)[i].key];
      if (series.key.empty()) series.key = (*missing)[i].key;
      tier.put(tier.id_of(series, series.minute), (*missing)[i].buckets[b]);
    }
    tier.end_bucket();
    told += which.size();
  }
  if (auto flushed = tier.flush(); !flushed) return pass_on(flushed);
  tier.end_stretch();
  return told;
}

// Cut at the buckets' ends, so that none of them is made up of two.
std::vector<std::vector<Untold>> in_windows(const std::vector<Untold>& stretches, std::int64_t width_ms) {
  const std::int64_t wide = kBucketsWide * width_ms;
  std::map<std::int64_t, std::vector<Untold>> windows;
  for (const Untold& stretch : stretches)
    for (std::int64_t begin = stretch.begin_ms; begin <= stretch.end_ms;) {
      const std::int64_t window = bucket_of(begin, wide);
      const std::int64_t end = std::min(stretch.end_ms, window);
      windows[window].push_back({begin, end});
      begin = end + 1;
    }
  std::vector<std::vector<Untold>> in_order;
  for (auto& [end, of_window] : windows) {
    std::ranges::sort(of_window, {}, &Untold::begin_ms);
    in_order.push_back(std::move(of_window));
  }
  return in_order;
}

Result<std::uint64_t> catch_up_tier(const std::string& folder, Tier which, std::span<const HistoryFile> raw) {
  auto source = HistorySource::open(folder);
  if (!source) return pass_on(source);
  TierWriter tier(folder, which);
  std::vector<Untold> all;
  for (const HistoryFile& file : raw) {
    auto untold = source->untold(width_ms(which), file.begin_ms, file.end_ms - 1);
    if (!untold) return pass_on(untold);
    // Of a day in several files all of them tell.
    if (all.empty() || all.back().end_ms < file.begin_ms) std::ranges::copy(*untold, std::back_inserter(all));
  }
  Ids ids;
  std::uint64_t told = 0;
  for (const std::vector<Untold>& window : in_windows(all, width_ms(which))) {
    auto some = tell(*source, tier, ids, window);
    if (!some) return some;
    told += *some;
  }
  tier.file().close();
  return told;
}

}  // namespace

Result<std::uint64_t> catch_up(const std::string& folder, CatchUp what) {
  auto files = list_history(folder);
  if (!files) return pass_on(files);
  std::erase_if(*files, [](const HistoryFile& file) { return file.tier != Tier::raw; });
  std::span<const HistoryFile> raw(*files);
  if (what == CatchUp::newest_days && raw.size() > kNewestDays) raw = raw.last(kNewestDays);
  auto minutes = catch_up_tier(folder, Tier::minute, raw);
  auto hours = catch_up_tier(folder, Tier::hour, raw);
  if (!minutes) return minutes;
  if (!hours) return hours;
  return *minutes + *hours;
}

}  // namespace ullage::history
