// SPDX-License-Identifier: Apache-2.0
#include "history/store/bucket.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "history/block.h"
#include "history/series_file.h"
#include "history/series_source.h"
#include "history/store/history_files.h"
#include "history/store/sort_stably.h"

namespace ullage::history {

void Accumulator::add(const Bucket& bucket) {
  if (bucket.count == 0) return;
  take_min(bucket.min);
  take_max(bucket.max);
  add_to_sum(bucket.sum);
  last_ = bucket.last;
  count_ += bucket.count;
}

Bucket Accumulator::bucket(std::int64_t time_ms) const {
  const double sum = std::isfinite(sum_) ? sum_ + lost_ : sum_;
  return {.time_ms = time_ms, .min = min_, .max = max_, .sum = sum, .count = count_, .last = last_};
}

std::vector<Bucket> to_buckets(std::span<const Sample> samples, std::int64_t width_ms) {
  std::vector<Bucket> buckets;
  Accumulator accumulator;
  std::int64_t time_ms = 0;
  for (const Sample& sample : samples) {
    if (is_absent(sample.value)) continue;
    const std::int64_t bucket = bucket_of(sample.time_ms, width_ms);
    if (bucket != time_ms && !accumulator.is_empty()) {
      buckets.push_back(accumulator.bucket(time_ms));
      accumulator.clear();
    }
    time_ms = bucket;
    accumulator.add(sample.value);
  }
  if (!accumulator.is_empty()) buckets.push_back(accumulator.bucket(time_ms));
  return buckets;
}

void merge_buckets(std::vector<Bucket>& buckets) {
  if (!std::ranges::is_sorted(buckets, {}, &Bucket::time_ms)) sort_stably(buckets, &Bucket::time_ms);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    if (kept == 0 || buckets[kept - 1].time_ms != buckets[i].time_ms) {
      buckets[kept++] = buckets[i];
      continue;
    }
    Accumulator both;
    both.add(buckets[kept - 1]);
    both.add(buckets[i]);
    buckets[kept - 1] = both.bucket(buckets[i].time_ms);
  }
  buckets.resize(kept);
}

}  // namespace ullage::history
