// SPDX-License-Identifier: Apache-2.0
#include "history/id_set.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

#include "metric/series.h"

namespace ullage::history {

IdSet::IdSet(std::span<const metric::SeriesId> ascending) : size_(ascending.size()) {
  for (const metric::SeriesId id : ascending) {
    if (!runs_.empty() && runs_.back().last + 1 == id)
      runs_.back().last = id;
    else
      runs_.push_back({id, id});
  }
  runs_.shrink_to_fit();
}

std::vector<metric::SeriesId> IdSet::ids() const {
  std::vector<metric::SeriesId> ids;
  ids.reserve(size_);
  for (const Run& run : runs_)
    for (std::uint64_t id = run.first; id <= run.last; ++id) ids.push_back(static_cast<metric::SeriesId>(id));
  return ids;
}

void IdSet::unite(const IdSet& other) {
  if (*this == other) return;
  std::vector<Run> all;
  std::ranges::merge(runs_, other.runs_, std::back_inserter(all), {}, &Run::first, &Run::first);
  runs_.clear();
  size_ = 0;
  for (const Run& run : all) {
    if (!runs_.empty() && run.first <= std::uint64_t{runs_.back().last} + 1)
      runs_.back().last = std::max(runs_.back().last, run.last);
    else
      runs_.push_back(run);
  }
  for (const Run& run : runs_) size_ += std::size_t{run.last} - run.first + 1;
}

}  // namespace ullage::history
