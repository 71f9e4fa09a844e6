// SPDX-License-Identifier: Apache-2.0
#include "history/store/gathering.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/matching.h"
#include "history/series_file.h"
#include "history/store/dictionary.h"
#include "history/store/history_files.h"
#include "history/store/packed_key.h"
#include "history/store/stored_file.h"
#include "history/store/stretches.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// 16 bytes each: what series that are read together may take.
constexpr std::size_t kSamplesTogether = 2'000'000;

std::size_t ticks_in(const Segment& segment) {
  std::size_t ticks = 0;
  for (const StoredFile::Place& chunk : segment.file->chunks())
    for (const Stretch& range : segment.ranges)
      if (chunk.begin_ms <= range.end_ms && chunk.end_ms >= range.begin_ms) {
        ticks += chunk.ticks;
        break;
      }
  return ticks;
}

void add_samples(Gathered& into, const Stretch& range, std::span<const std::int64_t> times_ms,
                 const std::vector<double>& values) {
  if (!into.samples.empty() && !times_ms.empty() && times_ms.front() <= into.samples.back().time_ms)
    into.are_in_order = false;
  if (!times_ms.empty() && times_ms.front() >= range.begin_ms && times_ms.back() <= range.end_ms) {
    const std::size_t before = into.samples.size();
    into.samples.resize(before + times_ms.size());
    Sample* to = into.samples.data() + before;
    for (std::size_t i = 0; i < times_ms.size(); ++i) {
      *to = {times_ms[i], values[i]};
      to += is_absent(values[i]) ? 0 : 1;
    }
    into.samples.resize(static_cast<std::size_t>(to - into.samples.data()));
    return;
  }
  for (std::size_t i = 0; i < times_ms.size(); ++i)
    if (times_ms[i] >= range.begin_ms && times_ms[i] <= range.end_ms && !is_absent(values[i]))
      into.samples.push_back({times_ms[i], values[i]});
}

void add_buckets(Gathered& into, const Stretch& range, std::span<const std::int64_t> times_ms,
                 std::span<const std::vector<double>> columns) {
  for (std::size_t i = 0; i < times_ms.size(); ++i)
    if (times_ms[i] >= range.begin_ms && times_ms[i] <= range.end_ms && !is_absent(columns[3][i]))
      into.buckets.push_back({.time_ms = times_ms[i],
                              .min = columns[0][i],
                              .max = columns[1][i],
                              .sum = columns[2][i],
                              .count = columns[3][i],
                              .last = columns[4][i]});
}

void reserve(std::vector<Sample>& samples, std::size_t count) {
  if (samples.capacity() >= count) return;
  samples.reserve(count);
  // To have the kernel hand out a month's 41 MiB in small pages takes longer than to fill them.
  constexpr std::uintptr_t kPage = 2u << 20;
  const auto begin = (std::bit_cast<std::uintptr_t>(samples.data()) + kPage - 1) / kPage * kPage;
  const auto end = std::bit_cast<std::uintptr_t>(samples.data() + count) / kPage * kPage;
  if (begin < end) (void)::madvise(std::bit_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

Result<void> read_segment(const Segment& segment, std::span<const StoredFile::Wanted> wanted, TierAs tier_as,
                          std::vector<Gathered>& gathered) {
  const bool is_raw = segment.file->name().tier == Tier::raw;
  for (const Stretch& range : segment.ranges) {
    auto read =
        segment.file->read(wanted, range.begin_ms, range.end_ms,
                           [&](std::size_t index, std::span<const std::int64_t> times,
                               std::span<const std::vector<double>> columns) {
                             if (!is_raw && tier_as == TierAs::buckets)
                               add_buckets(gathered[index], range, times, columns);
                             else
                               add_samples(gathered[index], range, times, is_raw ? columns[0] : columns[4]);
                             if (!is_raw) gathered[index].are_in_order = false;  // a bucket may stand twice
                           });
    if (!read) return read;
  }
  return {};
}

}  // namespace

std::vector<FoundSeries> find_series(std::span<const Segment> segments, const Matching& matching) {
  std::vector<FoundSeries> found;
  std::unordered_map<std::string, std::size_t> by_key;
  for (std::size_t segment = 0; segment < segments.size(); ++segment) {
    const Dictionary& dictionary = segments[segment].file->dictionary();
    for (const metric::SeriesId id : dictionary.matching(matching)) {
      metric::SeriesKey key = dictionary.key(id);
      const auto [known, is_new] = by_key.try_emplace(pack_key(key), found.size());
      if (is_new) found.push_back({std::move(key), {}});
      found[known->second].places.push_back({segment, id});
    }
  }
  return found;
}

Result<void> gather(std::span<const Segment> segments, std::span<const FoundSeries> found, TierAs tier_as,
                    const std::function<Result<void>(const FoundSeries&, Gathered&)>& visit) {
  std::size_t ticks = 1;
  for (const Segment& segment : segments) ticks += ticks_in(segment);
  const std::size_t together = std::max<std::size_t>(1, kSamplesTogether / ticks);
  std::vector<Gathered> gathered;
  std::vector<std::vector<StoredFile::Wanted>> wanted(segments.size());
  for (std::size_t begin = 0; begin < found.size(); begin += together) {
    const auto group = found.subspan(begin, std::min(together, found.size() - begin));
    gathered.resize(group.size());
    for (auto& of_segment : wanted) of_segment.clear();
    for (std::size_t i = 0; i < group.size(); ++i) {
      gathered[i].samples.clear();
      gathered[i].buckets.clear();
      gathered[i].are_in_order = true;
      // Room at once, since growing touches it twice, and what is not touched costs nothing.
      if (tier_as == TierAs::samples) reserve(gathered[i].samples, ticks);
      for (const FoundSeries::Place& place : group[i].places) wanted[place.segment].push_back({place.id, i});
    }
    for (std::size_t segment = 0; segment < segments.size(); ++segment) {
      std::ranges::sort(wanted[segment], {}, &StoredFile::Wanted::id);
      if (auto read = read_segment(segments[segment], wanted[segment], tier_as, gathered); !read) return read;
    }
    for (std::size_t i = 0; i < group.size(); ++i)
      if (auto visited = visit(group[i], gathered[i]); !visited) return visited;
  }
  return {};
}

Pace pace_of(std::span<const Segment> segments) {
  Pace pace;
  std::int64_t before_ms = INT64_MIN;
  const auto consider = [&](std::int64_t distance) {
    if (distance > 0 && (pace.tick_ms == 0 || distance < pace.tick_ms)) pace.tick_ms = distance;
  };
  for (const Segment& segment : segments)
    for (const StoredFile::Place& chunk : segment.file->chunks())
      for (const Stretch& range : segment.ranges) {
        if (chunk.begin_ms > range.end_ms || chunk.end_ms < range.begin_ms) continue;
        pace.newest_ms = std::max(pace.newest_ms, std::min(chunk.end_ms, range.end_ms));
        if (chunk.ticks > 1)
          consider((chunk.end_ms - chunk.begin_ms) / static_cast<std::int64_t>(chunk.ticks - 1));
        if (before_ms != INT64_MIN) consider(chunk.begin_ms - before_ms);
        before_ms = chunk.end_ms;
      }
  return pace;
}

}  // namespace ullage::history
