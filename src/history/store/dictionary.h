// SPDX-License-Identifier: Apache-2.0
// The series of one file by their ids, each name and value once: a matcher is asked once about each distinct
// value of its label, and a series costs a few bytes. What series have a value is indexed when it is asked
// for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "history/matching.h"
#include "history/series_list.h"
#include "history/store/symbols.h"
#include "metric/series.h"

namespace ullage::history {

class Dictionary {
 public:
  // Ids go on from size().
  void add(const metric::SeriesKey& key);
  void add(const SeriesList& list, std::size_t from);  // those of the list from this one on
  void add_unknown(std::size_t count);                 // whose names cannot be read: nothing matches them
  std::size_t size() const { return begins_.size(); }
  std::vector<metric::SeriesId> matching(const Matching& matching) const;  // ascending
  metric::SeriesKey key(metric::SeriesId id) const;
  void copy_key(metric::SeriesId id, metric::SeriesKey& into) const;  // into the memory that is there
  std::uint64_t hash(metric::SeriesId id) const;                      // of the key: the same in every file
  bool is_same(metric::SeriesId id, const Dictionary& other, metric::SeriesId others_id) const;

 private:
  using Symbol = Symbols::Symbol;
  struct Pair {
    Symbol label;
    Symbol value;
  };
  // The series that have a label, by its value; those that came since it was made are looked at one by one.
  struct Index {
    std::vector<Symbol> values;         // ascending
    std::vector<std::uint32_t> begins;  // of each value's series in ids, and the end of all
    std::vector<metric::SeriesId> ids;
    std::size_t series = 0;  // 0 … series-1 are in it
  };
  struct Question;
  struct Candidates;
  std::span<const Pair> pairs(std::size_t id) const;
  const Index& index_of(Symbol label) const;
  std::vector<Question> questions(const Matching& matching) const;
  bool holds(const Matching& matching, Question& question, Symbol value) const;
  Candidates candidates(const Matching& matching, std::span<Question> questions) const;

  Symbols symbols_;
  std::vector<std::uint32_t> begins_;                  // in pairs_
  std::vector<Pair> pairs_;                            // of each series: (0, its name), then its labels
  mutable std::unordered_map<Symbol, Index> indexes_;  // by label, of those that were asked for
};

}  // namespace ullage::history
