// SPDX-License-Identifier: Apache-2.0
#include "history/store/gathering.h"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <future>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "base/result.h"
#include "history/block.h"
#include "history/matching.h"
#include "history/series_file.h"
#include "history/store/dictionary.h"
#include "history/store/history_files.h"
#include "history/store/sort_stably.h"
#include "history/store/stored_file.h"
#include "history/store/stretches.h"
#include "history/store/symbols.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

// 16 bytes each: what series that are read together may take.
constexpr std::size_t kSamplesTogether = 2'000'000;
// More would not stay in the processor's cache until they are visited; fewer would open blocks twice.
constexpr std::size_t kSeriesTogether = 2048;
// From so many on, every other file is read beside the one before: a thread takes as long to start as a few
// thousand take to read.
constexpr std::size_t kSamplesForTwo = 200'000;

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
  std::vector<Sample>& samples = into.samples;
  const std::size_t before = samples.size();
  bool has_markers = false;
  const auto put = [&](Sample* to, std::size_t i) {
    *to = {times_ms[i], values[i]};
    has_markers |= is_marker(values[i]);
  };
  const bool is_whole =
      !times_ms.empty() && times_ms.front() >= range.begin_ms && times_ms.back() <= range.end_ms;
  if (is_whole) {
    samples.resize(before + times_ms.size());
    Sample* to = samples.data() + before;
    // Where files meet, both may have the tick of midnight; the first of one time counts.
    for (std::size_t i = before > 0 && times_ms.front() == samples[before - 1].time_ms ? 1 : 0;
         i < times_ms.size(); ++i) {
      put(to, i);
      to += is_absent(values[i]) ? 0 : 1;
    }
    samples.resize(static_cast<std::size_t>(to - samples.data()));
  } else {
    for (std::size_t i = 0; i < times_ms.size(); ++i)
      if (times_ms[i] >= range.begin_ms && times_ms[i] <= range.end_ms && !is_absent(values[i]))
        put(&samples.emplace_back(), i);
  }
  if (has_markers)
    for (Sample& sample : std::span(samples).subspan(before))
      if (is_marker(sample.value)) sample.value = kAbsent;
  into.spacing.add(std::span(samples).subspan(before == 0 ? 0 : before - 1));
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
                           });
    if (!read) return read;
  }
  return {};
}

}  // namespace

void FoundSeries::copy_key(std::size_t series, metric::SeriesKey& into) const {
  named_at_[series].dictionary->copy_key(named_at_[series].id, into);
}

void FoundSeries::leave_out(const std::vector<bool>& series) {
  for (auto& wanted : in_)
    std::erase_if(wanted, [&](const StoredFile::Wanted& each) { return series[each.index]; });
}

FoundSeries find_series(std::span<const Segment> segments, const Matching& matching) {
  FoundSeries found;
  found.in_.resize(segments.size());
  NumbersByHash numbers;
  for (std::size_t segment = 0; segment < segments.size(); ++segment) {
    const Dictionary& dictionary = segments[segment].file->dictionary();
    const std::vector<metric::SeriesId> ids = dictionary.matching(matching);
    numbers.reserve(ids.size());
    found.named_at_.reserve(ids.size());
    found.in_[segment].reserve(ids.size());
    for (const metric::SeriesId id : ids) {
      const std::uint64_t hash = dictionary.hash(id);
      auto number = numbers.find(hash, [&](std::uint32_t other) {
        return dictionary.is_same(id, *found.named_at_[other].dictionary, found.named_at_[other].id);
      });
      if (!number) {
        number = numbers.add(hash);
        found.named_at_.push_back({&dictionary, id});
      }
      found.in_[segment].push_back({id, *number});
    }
  }
  return found;
}

namespace {

// Those of each segment, the series of a group of so many after those of another.
std::vector<std::vector<StoredFile::Wanted>> in_groups(const FoundSeries& found, std::size_t segments,
                                                       std::size_t together) {
  std::vector<std::vector<StoredFile::Wanted>> wanted(segments);
  const auto group_of = [&](const StoredFile::Wanted& each) { return each.index / together; };
  for (std::size_t segment = 0; segment < segments; ++segment) {
    wanted[segment].assign(found.in(segment).begin(), found.in(segment).end());
    if (!std::ranges::is_sorted(wanted[segment], {}, group_of)) sort_stably(wanted[segment], group_of);
  }
  return wanted;
}

// What one group of series wants of each segment.
using WantedBySegment = std::vector<std::span<const StoredFile::Wanted>>;

Result<void> read_segments(std::span<const Segment> segments,
                           std::span<const std::span<const StoredFile::Wanted>> wanted, TierAs tier_as,
                           std::vector<Gathered>& gathered) {
  for (std::size_t i = 0; i < segments.size(); ++i)
    if (auto read = read_segment(segments[i], wanted[i], tier_as, gathered); !read) return read;
  return {};
}

// What a later reading has gathered, after what is there.
void append(Gathered& into, const Gathered& later) {
  if (!into.samples.empty() && !later.samples.empty())
    into.spacing.add(later.samples.front().time_ms - into.samples.back().time_ms);
  into.spacing.add(later.spacing);
  into.samples.insert(into.samples.end(), later.samples.begin(), later.samples.end());
  into.buckets.insert(into.buckets.end(), later.buckets.begin(), later.buckets.end());
}

// As read_segments, of each two files the later one by another thread: each file has its own connection and
// buffers. Not half of all by each, so that what the other one has read is still in the cache when it is
// added.
Result<void> read_by_two(std::span<const Segment> segments, const WantedBySegment& wanted, TierAs tier_as,
                         std::vector<Gathered>& gathered) {
  std::vector<Gathered> later(gathered.size());
  std::size_t i = 0;
  for (; i + 1 < segments.size(); i += 2) {
    for (Gathered& each : later) each.clear();
    std::future<Result<void>> reading;
    try {
      reading = std::async(std::launch::async,
                           [&] { return read_segment(segments[i + 1], wanted[i + 1], tier_as, later); });
    } catch (const std::system_error&) {  // no thread is to be had
      break;
    }
    auto read = read_segment(segments[i], wanted[i], tier_as, gathered);
    if (auto read_later = reading.get(); read && !read_later) read = std::move(read_later);
    if (!read) return read;
    for (std::size_t series = 0; series < gathered.size(); ++series) append(gathered[series], later[series]);
  }
  return read_segments(segments.subspan(i), std::span(wanted).subspan(i), tier_as, gathered);
}

}  // namespace

Result<void> gather(std::span<const Segment> segments, const FoundSeries& found, TierAs tier_as,
                    const VisitGathered& visit) {
  std::size_t ticks = 1;
  for (const Segment& segment : segments) ticks += ticks_in(segment);
  const std::size_t together = std::clamp<std::size_t>(kSamplesTogether / ticks, 1, kSeriesTogether);
  std::vector<std::vector<StoredFile::Wanted>> wanted = in_groups(found, segments.size(), together);
  std::vector<std::size_t> read_to(segments.size());
  std::vector<Gathered> gathered;
  WantedBySegment of_group(segments.size());
  metric::SeriesKey key;
  for (std::size_t begin = 0; begin < found.size(); begin += together) {
    const std::size_t end = std::min(begin + together, found.size());
    gathered.resize(std::max(gathered.size(), end - begin));
    for (Gathered& each : std::span(gathered).first(end - begin)) {
      each.clear();
      // Room at once, since growing touches it twice, and what is not touched costs nothing.
      if (tier_as == TierAs::samples) reserve(each.samples, ticks);
    }
    for (std::size_t segment = 0; segment < segments.size(); ++segment) {
      const std::span<StoredFile::Wanted> rest = std::span(wanted[segment]).subspan(read_to[segment]);
      std::size_t count = 0;
      for (; count < rest.size() && rest[count].index < end; ++count) rest[count].index -= begin;
      read_to[segment] += count;
      of_group[segment] = rest.first(count);
    }
    const bool is_long = segments.size() > 1 && ticks * (end - begin) >= kSamplesForTwo;
    auto read = is_long ? read_by_two(segments, of_group, tier_as, gathered)
                        : read_segments(segments, of_group, tier_as, gathered);
    if (!read) return read;
    for (std::size_t i = begin; i < end; ++i) {
      found.copy_key(i, key);
      if (auto visited = visit(key, gathered[i - begin]); !visited) return visited;
    }
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
