// SPDX-License-Identifier: Apache-2.0
// The series that live: a place each, with what the head and the tiers know of it. Bounded; a place is given
// back when its series has ended, and an id says which life of its place it means, so that one that outlived
// its series is noticed and never writes to another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "history/store/bucket.h"
#include "metric/series.h"

namespace ullage::history {

constexpr std::uint32_t kNone = UINT32_MAX;

// An id in a file, which is good as long as that file is the one being written.
struct IdInFile {
  metric::SeriesId id = kNone;
  std::uint32_t epoch = 0;  // of the file; 0 is no file's
};

struct LiveSeries {
  std::string key;  // packed; empty in a place that nobody has
  IdInFile raw, minute, hour;
  Accumulator hour_so_far;
  std::int64_t seen_ms = 0;  // to the minute
};

// What each sample touches, apart from the rest: a cache line.
struct LiveHot {
  std::uint32_t column = kNone;  // in the head
  std::uint32_t life = 0;
  Accumulator minute_so_far;
};

class LiveTable {
 public:
  static constexpr std::uint32_t kPlaceBits = 18;
  static constexpr std::size_t kPlacesMax = (1u << kPlaceBits) - 1;  // the last is kNone's

  explicit LiveTable(std::size_t places_max) : places_max_(places_max) {}

  // The id of the series with this packed key; nothing when there is no room for another.
  std::optional<metric::SeriesId> id(std::string_view packed);
  // The place, kNone when the series that the id meant has been forgotten.
  std::uint32_t place(metric::SeriesId id) const {
    const std::uint32_t place = id & kPlacesMax;
    return place < hot_.size() && hot_[place].life == id >> kPlaceBits ? place : kNone;
  }
  void forget(std::uint32_t place);

  LiveSeries& series(std::uint32_t place) { return series_[place]; }
  LiveHot& hot(std::uint32_t place) { return hot_[place]; }
  std::uint32_t places() const { return static_cast<std::uint32_t>(series_.size()); }
  bool is_used(std::uint32_t place) const { return !series_[place].key.empty(); }
  std::size_t size() const { return by_key_.size(); }
  std::size_t places_max() const { return places_max_; }

 private:
  std::size_t places_max_;
  std::vector<LiveSeries> series_;
  std::vector<LiveHot> hot_;
  std::vector<std::uint32_t> free_;
  // Hashes to places; the keys themselves stand in series_ only.
  std::unordered_multimap<std::size_t, std::uint32_t> by_key_;
};

}  // namespace ullage::history
