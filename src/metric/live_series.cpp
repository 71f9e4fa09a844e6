// SPDX-License-Identifier: Apache-2.0
#include "metric/live_series.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "metric/frame.h"
#include "metric/series.h"

namespace ullage::metric {

namespace {

// Of labels in any order: their hashes add up.
std::size_t hash_of(std::string_view name, std::span<const LabelView> labels) {
  constexpr std::size_t kOdd = 0x9E3779B97F4A7C15;
  const std::hash<std::string_view> hash;
  std::size_t sum = hash(name);
  for (const LabelView& label : labels)
    if (!label.value.empty()) sum += (hash(label.name) * kOdd) ^ (hash(label.value) + kOdd);
  return sum;
}

bool is_same(const SeriesKey& key, std::string_view name, std::span<const LabelView> labels) {
  if (key.name != name) return false;
  std::size_t present = 0;
  for (const LabelView& label : labels) {
    if (label.value.empty()) continue;
    if (key.label(label.name) != label.value) return false;
    ++present;
  }
  return present == key.labels.size();
}

// The same, spelt as it was at first.
bool is_spelt_so(const SeriesKey& key, std::span<const std::uint16_t> spelling, std::string_view name,
                 std::span<const LabelView> labels) {
  if (key.name != name) return false;
  std::size_t present = 0;
  for (const LabelView& label : labels) {
    if (label.value.empty()) continue;
    if (present == spelling.size()) return false;
    const Label& known = key.labels[spelling[present++]];
    if (known.value != label.value || known.name != label.name) return false;
  }
  return present == spelling.size();
}

}  // namespace

void LiveSeries::begin(std::int64_t time_ms) {
  time_ms_ = time_ms;
  current_.clear();
  newest_ = kNone;
}

void LiveSeries::add(std::string_view name, std::span<const LabelView> labels, double value) {
  auto place = next_as_before(name, labels);
  if (!place) place = find_or_make(name, labels);
  if (!place) {
    ++refused_;
    return;
  }
  Entry& entry = entries_[*place];
  if (entry.time_ms == time_ms_) {
    ++duplicates_;
    return;
  }
  entry.time_ms = time_ms_;
  entry.value = value;
  current_.push_back(*place);
  (newest_ == kNone ? first_ : next_[newest_]) = *place;
  newest_ = *place;
}

std::optional<std::uint32_t> LiveSeries::next_as_before(std::string_view name,
                                                        std::span<const LabelView> labels) const {
  const std::uint32_t place = newest_ == kNone ? first_ : next_[newest_];
  if (place == kNone || name.empty() || !is_spelt_so(entries_[place].key, spellings_[place], name, labels))
    return std::nullopt;
  return place;
}

std::optional<std::uint32_t> LiveSeries::find_or_make(std::string_view name,
                                                      std::span<const LabelView> labels) {
  const std::size_t hash = hash_of(name, labels);
  const auto [begin, end] = by_hash_.equal_range(hash);
  for (auto it = begin; it != end; ++it)
    if (is_same(entries_[it->second].key, name, labels)) return it->second;
  return make(hash, name, labels);
}

std::optional<std::uint32_t> LiveSeries::make(std::size_t hash, std::string_view name,
                                              std::span<const LabelView> labels) {
  if (by_hash_.size() >= series_max_) return std::nullopt;
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
    hashes_.push_back(0);
    next_.push_back(kNone);
    spellings_.emplace_back();
  }
  const std::uint32_t place = free_.back();
  free_.pop_back();
  Entry& entry = entries_[place];
  entry = {.key = {.name = std::string(name), .labels = {}}, .time_ms = INT64_MIN, .id = place};
  for (const LabelView& label : labels)
    if (!label.value.empty()) entry.key.labels.push_back({std::string(label.name), std::string(label.value)});
  std::ranges::sort(entry.key.labels);
  spellings_[place].clear();
  for (const LabelView& label : labels)
    if (!label.value.empty())
      spellings_[place].push_back(static_cast<std::uint16_t>(
          std::ranges::find(entry.key.labels, label.name, &Label::name) - entry.key.labels.begin()));
  hashes_[place] = hash;
  by_hash_.emplace(hash, place);
  return place;
}

void LiveSeries::forget_before(std::int64_t time_ms) {
  for (std::uint32_t place = 0; place < entries_.size(); ++place) {
    if (entries_[place].key.name.empty() || entries_[place].time_ms >= time_ms) continue;
    const auto [begin, end] = by_hash_.equal_range(hashes_[place]);
    by_hash_.erase(std::find_if(begin, end, [&](const auto& pair) { return pair.second == place; }));
    entries_[place] = Entry();
    spellings_[place].clear();
    free_.push_back(place);
  }
}

void LiveSeries::each_current(const std::function<void(Entry&)>& visit) {
  for (const std::uint32_t place : current_) visit(entries_[place]);
}

}  // namespace ullage::metric
