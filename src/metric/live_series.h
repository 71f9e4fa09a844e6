// SPDX-License-Identifier: Apache-2.0
// The series that are there at the moment, with the newest value of each: what is served at once (/metrics,
// live pages) and stored tick by tick. A series that is not seen for a while is forgotten; how many may live
// is bounded. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "metric/family.h"
#include "metric/frame.h"
#include "metric/series.h"

namespace ullage::metric {

using Families = std::map<std::string, Family, std::less<>>;  // by name

class LiveSeries final : public Frame {
 public:
  struct Entry {
    SeriesKey key;  // labels in order; empty where the place is free
    double value = 0;
    std::int64_t time_ms = 0;   // of the value
    SeriesId id = 0;            // dense; another series may have it when this one has been forgotten
    std::uint64_t birth = 0;    // which one has it: another number for each series that ever got an id
    bool needs_quotes = false;  // its name or a label's is beyond what the older formats can write
  };

  explicit LiveSeries(std::size_t series_max) : series_max_(series_max) {}

  // Values added from here on are of this time.
  void begin(std::int64_t time_ms);
  using Frame::add;
  void add(std::string_view name, std::span<const LabelView> labels, double value) override;
  // The newest word on it holds, as long as a series of the family is there.
  void describe(const Family& family) override;
  // Forgets those whose newest value is older.
  void forget_before(std::int64_t time_ms);

  // In the order in which they came: those with a value at the newest time.
  void each_current(const std::function<void(const Entry&)>& visit) const;
  // Null where nobody has said anything; of a histogram by its own name. Valid until the next change.
  const Family* family(std::string_view name) const;
  const Families& families() const { return families_; }
  std::int64_t time_ms() const { return time_ms_; }
  std::size_t size() const { return by_hash_.size(); }
  std::size_t current() const { return current_.size(); }  // of them, those with a value at the newest time
  std::size_t needing_quotes() const { return needing_quotes_; }  // series
  std::uint64_t refused() const { return refused_; }        // values of series for which there was no room
  std::uint64_t duplicates() const { return duplicates_; }  // second values in one frame

 private:
  std::optional<std::uint32_t> next_as_before(std::string_view name, std::span<const LabelView> labels) const;
  std::optional<std::uint32_t> find_or_make(std::string_view name, std::span<const LabelView> labels);
  std::optional<std::uint32_t> make(std::size_t hash, std::string_view name,
                                    std::span<const LabelView> labels);

  static constexpr std::uint32_t kNone = UINT32_MAX;

  std::size_t series_max_;
  std::int64_t time_ms_ = INT64_MIN;
  std::vector<Entry> entries_;
  std::vector<std::size_t> hashes_;     // of each entry, as the caller first spelt it
  std::vector<std::string> spellings_;  // of each entry: its name and labels as they first came
  // Who came after each entry when it came last: series come in much the same order each time, so that most
  // need no more than a look whether it is they.
  std::vector<std::uint32_t> next_;
  std::uint32_t newest_ = kNone, first_ = kNone;  // of this time; kNone: none yet
  std::vector<std::uint32_t> free_;
  std::unordered_multimap<std::size_t, std::uint32_t> by_hash_;
  std::vector<std::uint32_t> current_;  // places with a value at time_ms_
  Families families_;                   // bounded
  std::size_t needing_quotes_ = 0;
  std::uint64_t births_ = 0, refused_ = 0, duplicates_ = 0;
};

}  // namespace ullage::metric
