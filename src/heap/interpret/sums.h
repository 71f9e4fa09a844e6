// SPDX-License-Identifier: Apache-2.0
// Entries added up by key, in a vector: sorted by key in the end, each key once. An entry has key() in the
// form of a free function key_of(entry), and add_to(entry, other). The memory is that of about twice the
// number of keys, which a hash table of as many would need several times.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "heap/profile.h"

namespace ullage::heap {

inline auto key_of(const Change& change) { return std::pair(change.slot, change.site); }
inline void add_to(Change& sum, const Change& more) {
  sum.samples += more.samples;
  sum.allocated_count += more.allocated_count;
  sum.allocated_bytes += more.allocated_bytes;
  sum.freed_count += more.freed_count;
  sum.freed_bytes += more.freed_bytes;
  sum.temporary_count += more.temporary_count;
  sum.allocated_variance += more.allocated_variance;
  sum.freed_variance += more.freed_variance;
}

inline auto key_of(const Living& living) {
  return std::pair(std::pair(living.site, living.birth_slot), living.reach);
}
inline void add_to(Living& sum, const Living& more) {
  sum.samples += more.samples;
  sum.count += more.count;
  sum.bytes += more.bytes;
  sum.variance += more.variance;
}

template <class Entry>
class Sums {
 public:
  Sums() = default;
  explicit Sums(std::vector<Entry> entries) : entries_(std::move(entries)) {}

  void reserve(std::size_t count) { entries_.reserve(count); }

  void add(const Entry& entry) {
    if (entries_.size() >= fold_at_) {
      fold();
      fold_at_ = std::max(kFoldAt, 2 * entries_.size());
    }
    entries_.push_back(entry);
  }

  std::vector<Entry> take() && {
    fold();
    return std::move(entries_);
  }

 private:
  static constexpr std::size_t kFoldAt = 1 << 16;

  void fold() {
    std::ranges::sort(entries_, {}, [](const Entry& entry) { return key_of(entry); });
    std::size_t last = 0;
    for (std::size_t i = 1; i < entries_.size(); ++i) {
      if (key_of(entries_[last]) == key_of(entries_[i]))
        add_to(entries_[last], entries_[i]);
      else if (++last != i)
        entries_[last] = entries_[i];
    }
    if (!entries_.empty()) entries_.resize(last + 1);
  }

  std::vector<Entry> entries_;
  std::size_t fold_at_ = kFoldAt;
};

}  // namespace ullage::heap
