// SPDX-License-Identifier: Apache-2.0
// The series of one file by their ids, each name and value once: a matcher is asked once about each distinct
// value of its label, and a series costs a few bytes. A label of many series that is asked about again gets
// an index. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "history/matching.h"
#include "history/store/label_index.h"
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

  class Question;
  std::optional<Symbol> label_symbol(const std::string& label) const;  // none: no series has it
  const LabelIndex* index_of(Symbol label) const;
  // Those of the indexed series that can match, in order of id, when an index says that they are few.
  struct Candidates {
    std::vector<metric::SeriesId> ids;
    std::size_t looked_at = 0;  // ids below this are in no need of another look
  };
  Candidates candidates(const Matching& matching) const;

  std::deque<std::string> symbols_{""};  // 0 is the empty one; addresses stay
  std::unordered_map<std::string_view, Symbol> by_text_{{"", 0}};
  std::vector<std::uint32_t> begins_;  // in pairs_
  std::vector<Pair> pairs_;            // of each series: (0, its name), then its labels
  struct Indexed {
    std::size_t asked = 0;  // times, since it was made
    std::optional<LabelIndex> index;
  };
  mutable std::unordered_map<Symbol, Indexed> indexes_;
};

}  // namespace ullage::history
