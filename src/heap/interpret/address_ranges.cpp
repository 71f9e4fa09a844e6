// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/address_ranges.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <tuple>
#include <vector>

namespace ullage::heap {

void AddressRanges::seal() {
  std::ranges::sort(ranges_, {},
                    [](const Range& range) { return std::tuple(range.begin, ~range.end, range.number); });
  std::vector<std::uint32_t> open;
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    while (!open.empty() && ranges_[open.back()].end <= ranges_[i].begin) open.pop_back();
    ranges_[i].around = open.empty() ? kNone : open.back();
    open.push_back(static_cast<std::uint32_t>(i));
  }
}

std::optional<std::uint32_t> AddressRanges::innermost(std::uint64_t address) const {
  const auto after = std::ranges::upper_bound(ranges_, address, {}, &Range::begin);
  auto at = static_cast<std::uint32_t>(after - ranges_.begin()) - 1;  // kNone before the first
  while (at != kNone && ranges_[at].end <= address) at = ranges_[at].around;
  if (at == kNone) return std::nullopt;
  return ranges_[at].number;
}

}  // namespace ullage::heap
