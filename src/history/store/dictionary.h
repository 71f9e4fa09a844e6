// SPDX-License-Identifier: Apache-2.0
// The series of one file by their ids, each name and value once: a matcher is asked once about each distinct
// value of its label, and a series costs a few bytes.
#pragma once

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
  Symbol symbol(std::string_view text);
  std::span<const Pair> pairs(std::size_t id) const;

  std::deque<std::string> symbols_{""};  // 0 is the empty one; addresses stay
  std::unordered_map<std::string_view, Symbol> by_text_{{"", 0}};
  std::vector<std::uint32_t> begins_;  // in pairs_
  std::vector<Pair> pairs_;            // of each series: (0, its name), then its labels
};

}  // namespace ullage::history
