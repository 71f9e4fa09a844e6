// SPDX-License-Identifier: Apache-2.0
#include "history/pending_ticks.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "history/block.h"
#include "history/merge.h"
#include "metric/series.h"

namespace ullage::history {

namespace {

constexpr std::size_t kKeptSamples = 4096;

}  // namespace

void PendingTicks::add(const metric::Tick& tick) {
  // A block must hold one tick at least.
  const std::size_t count = std::min(tick.values.size(), std::min(kSamplesPerBlock, samples_max_));
  if (values_.size() + count > samples_max_) {
    // In one go, since removing moves all that stay.
    std::size_t old = 0;
    while (old < size() && values_.size() - (old == 0 ? 0 : ends_[old - 1]) + count > samples_max_ * 3 / 4)
      ++old;
    remove_first(old);
    dropped_ += old;
  }
  times_ms_.push_back(tick.time_ms);
  values_.insert(values_.end(), tick.values.begin(),
                 tick.values.begin() + static_cast<std::ptrdiff_t>(count));
  ends_.push_back(values_.size());
}

std::span<const metric::Value> PendingTicks::values(std::size_t tick) const {
  const std::size_t begin = tick == 0 ? 0 : ends_[tick - 1];
  return std::span(values_).subspan(begin, ends_[tick] - begin);
}

std::vector<metric::SeriesId> PendingTicks::series_of(std::size_t begin, std::size_t end) const {
  std::vector<metric::SeriesId> series;
  for (std::size_t tick = begin; tick < end; ++tick) {
    // Neighbouring ticks mostly hold the same series: sort only what is new.
    const std::size_t known = series.size();
    for (const metric::Value& value : values(tick))
      if (!std::binary_search(series.begin(), series.begin() + static_cast<std::ptrdiff_t>(known),
                              value.series))
        series.push_back(value.series);
    if (series.size() == known) continue;
    std::ranges::sort(series);
    const auto repeated = std::ranges::unique(series);
    series.erase(repeated.begin(), repeated.end());
  }
  return series;
}

Block PendingTicks::block_from(std::size_t begin) const {
  std::size_t count = std::min(size() - begin, kTicksPerBlock);
  Block block;
  block.series = series_of(begin, begin + count);
  while (count > 1 && count * block.series.size() > kSamplesPerBlock) {
    count /= 2;
    block.series = series_of(begin, begin + count);
  }
  const auto from = times_ms_.begin() + static_cast<std::ptrdiff_t>(begin);
  block.times_ms.assign(from, from + static_cast<std::ptrdiff_t>(count));
  block.columns.assign(block.series.size(), std::vector<double>(count, kAbsent));
  for (std::size_t tick = 0; tick < count; ++tick) {
    std::size_t column = 0;
    for (const metric::Value& value : values(begin + tick)) {
      // In order as a rule, and then the next column is the one.
      if (column >= block.series.size() || block.series[column] != value.series)
        column = static_cast<std::size_t>(std::ranges::lower_bound(block.series, value.series) -
                                          block.series.begin());
      block.columns[column++][tick] = value.value;
    }
  }
  return block;
}

void PendingTicks::remove_first(std::size_t count) {
  if (count == 0) return;
  if (count == size()) {
    // What a large tick took is given back.
    times_ms_.clear();
    ends_.clear();
    if (values_.size() > kKeptSamples) values_ = {};
    values_.clear();
    return;
  }
  const std::size_t removed = ends_[count - 1];
  times_ms_.erase(times_ms_.begin(), times_ms_.begin() + static_cast<std::ptrdiff_t>(count));
  ends_.erase(ends_.begin(), ends_.begin() + static_cast<std::ptrdiff_t>(count));
  values_.erase(values_.begin(), values_.begin() + static_cast<std::ptrdiff_t>(removed));
  for (std::size_t& end : ends_) end -= removed;
}

void PendingTicks::halve(const std::function<bool(metric::SeriesId)>& is_counter) {
  PendingTicks half(samples_max_);
  half.dropped_ = dropped_;
  for (std::size_t begin = 0; begin < size();) {
    const Block block = block_from(begin);
    metric::Tick tick;
    for (std::size_t i = 0; i < block.times_ms.size(); i += 2) {
      const std::size_t group = std::min<std::size_t>(2, block.times_ms.size() - i);
      tick.clear();
      tick.time_ms = block.times_ms[i + group - 1];
      for (std::size_t column = 0; column < block.series.size(); ++column) {
        const std::span<const double> pair(block.columns[column].data() + i, group);
        const double merged = is_counter(block.series[column]) ? merge_counter(pair) : merge_gauge(pair);
        if (!is_absent(merged)) tick.add(block.series[column], merged);
      }
      half.add(tick);
    }
    begin += block.times_ms.size();
  }
  *this = std::move(half);
}

}  // namespace ullage::history
