// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/series_gate.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "metric/frame.h"
#include "metric/series.h"

namespace ullage::sense {

namespace {

// As long as the live series keep one that is not seen.
constexpr std::chrono::seconds kKeptFor(300);
constexpr std::chrono::seconds kSweptEvery(30);

std::size_t hash_of(const metric::SeriesKey& key) {
  constexpr std::size_t kOdd = 0x9E3779B97F4A7C15;
  const std::hash<std::string_view> hash;
  std::size_t mixed = hash(key.name);
  for (const metric::Label& label : key.labels) {
    mixed = mixed * kOdd + hash(label.name);
    mixed = mixed * kOdd + hash(label.value);
  }
  return mixed;
}

}  // namespace

bool may_be_ours(const metric::SeriesKey& key) {
  constexpr std::string_view kPrefixes[] = {"ullage_", "node_", "container_"};
  const auto begins = [&](std::string_view prefix) { return key.name.starts_with(prefix); };
  if (std::ranges::none_of(kPrefixes, begins)) return false;
  // Second hand: two daemons that scrape each other would send it to and fro, with a label more each time.
  if (!key.label("exported_job").empty() || !key.label("exported_instance").empty()) return true;
  return key.label("job").empty() || key.label("instance").empty();
}

void SeriesGate::begin(std::chrono::nanoseconds now) {
  now_ = now;
  if (now_ - swept_ < kSweptEvery) return;
  swept_ = now_;
  std::erase_if(seen_, [&](const auto& entry) {
    const Seen& seen = entry.second;
    const bool is_gone = now_ - seen.at > kKeptFor;
    if (is_gone) --*seen.source;
    return is_gone;
  });
}

void SeriesGate::add(metric::Frame& frame, const metric::SeriesKey& key, double value, Word word) {
  const std::uint64_t one = word == Word::first ? 1 : 0;
  if (may_be_ours(key)) {
    counts_.reserved_names += one;
    return;
  }
  const std::size_t hash = hash_of(key);
  const auto known = seen_.find(hash);
  if (known != seen_.end()) {
    known->second.at = now_;
  } else if (seen_.size() >= series_max_ || *source_ >= (series_max_ * 4 + 4) / 5) {
    counts_.beyond_limit += one;
    return;
  } else {
    seen_.emplace(hash, Seen{now_, source_});
    ++*source_;
  }
  labels_.clear();
  for (const metric::Label& label : key.labels) labels_.push_back({label.name, label.value});
  frame.add(key.name, labels_, value);
}

}  // namespace ullage::sense
