// SPDX-License-Identifier: Apache-2.0
// Which of many are among the first: those of the greatest weight, with a margin for those that were among
// them before, so that two about as large do not change places at each tick. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace ullage::sense {

template <class Key>
class TopChoice {
 public:
  explicit TopChoice(std::size_t count) : count_(count) {}

  struct Candidate {
    Key key;
    double weight;  // what has none (0 or less) is never chosen
  };
  // The candidates are reordered. The chosen, in order of their keys: all among the first `count`, and those
  // chosen before that are not beyond a quarter more.
  const std::vector<Key>& choose(std::vector<Candidate>& candidates) {
    std::erase_if(candidates, [](const Candidate& candidate) { return !(candidate.weight > 0); });
    const auto is_before = [](const Candidate& a, const Candidate& b) {
      return a.weight != b.weight ? a.weight > b.weight : a.key < b.key;
    };
    const std::size_t most = std::min(candidates.size(), count_ + count_ / 4);
    std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(most),
                      candidates.end(), is_before);
    next_.clear();
    for (std::size_t rank = 0; rank < most; ++rank)
      if (rank < count_ || is_chosen(candidates[rank].key)) next_.push_back(candidates[rank].key);
    std::ranges::sort(next_);
    chosen_.swap(next_);
    return chosen_;
  }
  bool is_chosen(const Key& key) const { return std::ranges::binary_search(chosen_, key); }
  const std::vector<Key>& chosen() const { return chosen_; }

 private:
  std::size_t count_;
  std::vector<Key> chosen_, next_;  // ascending
};

}  // namespace ullage::sense
