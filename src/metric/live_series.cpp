// SPDX-License-Identifier: Apache-2.0
#include "metric/live_series.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metric/exposition.h"
#include "metric/family.h"
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

constexpr std::size_t kFamiliesMax = 5000;

bool is_beyond_legacy(const SeriesKey& key) {
  return !is_legacy_name(key.name, true) || std::ranges::any_of(key.labels, [](const Label& label) {
    return !is_legacy_name(label.name, false);
  });
}

// A name and labels as one run of bytes, each part after its length: what comes each time is compared with
// what lies in a line or two of the cache.
void append_part(std::string& spelling, std::string_view part) {
  const auto size = static_cast<std::uint32_t>(part.size());
  std::array<char, sizeof size> length;
  std::memcpy(length.data(), &size, sizeof size);
  spelling.append(length.data(), length.size()).append(part);
}

bool take_part(std::string_view& spelling, std::string_view part) {
  std::uint32_t size = 0;
  if (spelling.size() < sizeof size + part.size()) return false;
  std::memcpy(&size, spelling.data(), sizeof size);
  if (size != part.size() || std::memcmp(spelling.data() + sizeof size, part.data(), size) != 0) return false;
  spelling.remove_prefix(sizeof size + size);
  return true;
}

std::string spelling_of(std::string_view name, std::span<const LabelView> labels) {
  std::string spelling;
  append_part(spelling, name);
  for (const LabelView& label : labels) {
    if (label.value.empty()) continue;
    append_part(spelling, label.name);
    append_part(spelling, label.value);
  }
  return spelling;
}

bool is_spelt_so(std::string_view spelling, std::string_view name, std::span<const LabelView> labels) {
  if (!take_part(spelling, name)) return false;
  for (const LabelView& label : labels) {
    if (label.value.empty()) continue;
    if (!take_part(spelling, label.name) || !take_part(spelling, label.value)) return false;
  }
  return spelling.empty();
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
  // A second has driven all of this out of the cache; the one to come is fetched while its value is being
  // read.
  if (const std::uint32_t after = next_[newest_]; after != kNone) {
    __builtin_prefetch(spellings_[after].data());
    __builtin_prefetch(&entries_[after].value);
  }
}

std::optional<std::uint32_t> LiveSeries::next_as_before(std::string_view name,
                                                        std::span<const LabelView> labels) const {
  const std::uint32_t place = newest_ == kNone ? first_ : next_[newest_];
  if (place == kNone || name.empty() || !is_spelt_so(spellings_[place], name, labels)) return std::nullopt;
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
  entry = {.key = {.name = std::string(name), .labels = {}},
           .time_ms = INT64_MIN,
           .id = place,
           .birth = ++births_};
  for (const LabelView& label : labels)
    if (!label.value.empty()) entry.key.labels.push_back({std::string(label.name), std::string(label.value)});
  std::ranges::sort(entry.key.labels);
  entry.needs_quotes = is_beyond_legacy(entry.key);
  needing_quotes_ += entry.needs_quotes ? 1 : 0;
  spellings_[place] = spelling_of(name, labels);
  hashes_[place] = hash;
  by_hash_.emplace(hash, place);
  return place;
}

void LiveSeries::forget_before(std::int64_t time_ms) {
  for (std::uint32_t place = 0; place < entries_.size(); ++place) {
    if (entries_[place].key.name.empty() || entries_[place].time_ms >= time_ms) continue;
    const auto [begin, end] = by_hash_.equal_range(hashes_[place]);
    by_hash_.erase(std::find_if(begin, end, [&](const auto& pair) { return pair.second == place; }));
    needing_quotes_ -= entries_[place].needs_quotes ? 1 : 0;
    entries_[place] = Entry();
    spellings_[place] = {};
    free_.push_back(place);
  }
  if (families_.empty()) return;
  std::set<std::string_view> names;
  for (const Entry& entry : entries_) {
    names.insert(entry.key.name);
    if (const auto whole = name_of_whole(entry.key.name)) names.insert(*whole);
  }
  std::erase_if(families_, [&](const auto& family) { return !names.contains(family.first); });
}

void LiveSeries::describe(const Family& family) {
  const auto known = families_.find(family.name);
  if (known != families_.end()) {
    if (known->second != family) known->second = family;
  } else if (families_.size() < kFamiliesMax) {
    families_.emplace(family.name, family);
  }
}

const Family* LiveSeries::family(std::string_view name) const {
  const auto found = families_.find(name);
  return found == families_.end() ? nullptr : &found->second;
}

void LiveSeries::each_current(const std::function<void(const Entry&)>& visit) const {
  for (const std::uint32_t place : current_) visit(entries_[place]);
}

}  // namespace ullage::metric
