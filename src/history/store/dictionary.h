// SPDX-License-Identifier: Apache-2.0
// The series of one file by their ids, each name and value once: a matcher is asked once about each distinct
// value of its label, and a series costs a few bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "history/matching.h"
#include "metric/series.h"

namespace ullage::history {

class Dictionary {
 public:
  // Ids go on from size().
  void add(const metric::SeriesKey& key);
  void add_unknown(std::size_t count);  // whose names cannot be read: nothing matches them
  std::size_t size() const { return begins_.size(); }
  std::vector<metric::SeriesId> matching(const Matching& matching) const;
  metric::SeriesKey key(metric::SeriesId id) const;

 private:
  using Symbol = std::uint32_t;
  struct Pair {
    Symbol label;
    Symbol value;
  };
  // The series that have a value of a label, found without looking at the others: in order of value and id.
  // Those that came since it was made are looked at one by one.
  struct Index {
    struct Entry {
      Symbol value;
      metric::SeriesId id;
      auto operator<=>(const Entry&) const = default;
    };
    std::vector<Entry> entries;
    std::size_t series = 0;  // 0 … series-1 are in it
  };
  Symbol symbol(std::string_view text);
  std::span<const Pair> pairs(std::size_t id) const;
  const Index& index_of(Symbol label) const;
  // Those that can match: all, or fewer where a matcher asks for one value.
  std::vector<metric::SeriesId> candidates(const Matching& matching) const;

  std::deque<std::string> symbols_{""};  // 0 is the empty one; addresses stay
  std::unordered_map<std::string_view, Symbol> by_text_{{"", 0}};
  std::vector<std::uint32_t> begins_;                  // in pairs_
  std::vector<Pair> pairs_;                            // of each series: (0, its name), then its labels
  mutable std::unordered_map<Symbol, Index> indexes_;  // by label, of those that were asked for
};

}  // namespace ullage::history
