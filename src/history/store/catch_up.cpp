// SPDX-License-Identifier: Apache-2.0
#include "history/store/catch_up.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
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
  LiveSeries series;
  std::vector<Bucket> buckets;
};

// The buckets that end in (begin, end], of the stretch that is untold.
Result<std::uint64_t> tell(const HistorySource& source, TierWriter& tier,
                           const HistorySource::Untold& stretch) {
  std::vector<Missing> missing;
  auto read =
      source.select({.matchers = {}, .begin_ms = stretch.begin_ms - 1, .end_ms = stretch.end_ms},
                    [&](const metric::SeriesKey& key, std::span<const Sample> samples) -> Result<void> {
                      auto buckets = to_buckets(samples, tier.width());
                      if (!buckets.empty())
                        missing.push_back({LiveSeries{.key = pack_key(key)}, std::move(buckets)});
                      return {};
                    });
  if (!read) return pass_on(read);
  std::map<std::int64_t, std::vector<std::pair<std::size_t, std::size_t>>> by_time;
  for (std::size_t i = 0; i < missing.size(); ++i)
    for (std::size_t b = 0; b < missing[i].buckets.size(); ++b)
      by_time[missing[i].buckets[b].time_ms].emplace_back(i, b);
  std::uint64_t told = 0;
  bool is_first = true;
  for (const auto& [time, which] : by_time) {
    tier.see_tick(std::max(stretch.begin_ms, time - tier.width() + 1), is_first);
    tier.see_tick(std::min(stretch.end_ms, time), false);
    is_first = false;
    if (!tier.begin_bucket(time)) return fail("the minutes or hours cannot be written");
    for (const auto& [i, b] : which) {
      LiveSeries& series = missing[i].series;
      tier.put(tier.id_of(series, series.minute), missing[i].buckets[b]);
    }
    tier.end_bucket();
    told += which.size();
  }
  if (auto flushed = tier.flush(); !flushed) return pass_on(flushed);
  tier.end_stretch();
  return told;
}

Result<std::uint64_t> catch_up_tier(const std::string& folder, Tier which, std::span<const HistoryFile> raw) {
  auto source = HistorySource::open(folder);
  if (!source) return pass_on(source);
  TierWriter tier(folder, which);
  std::uint64_t told = 0;
  const std::int64_t wide = kBucketsWide * width_ms(which);
  for (const HistoryFile& file : raw) {
    auto untold = source->untold(width_ms(which), file.begin_ms, file.end_ms - 1);
    if (!untold) return pass_on(untold);
    for (const HistorySource::Untold& stretch : *untold)
      for (std::int64_t begin = stretch.begin_ms; begin <= stretch.end_ms;) {
        const std::int64_t end = std::min(stretch.end_ms, bucket_of(begin, width_ms(which)) + wide);
        auto some = tell(*source, tier, {begin, end});
        if (!some) return some;
        told += *some;
        begin = end + 1;
      }
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
