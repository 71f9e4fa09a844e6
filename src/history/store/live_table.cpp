// SPDX-License-Identifier: Apache-2.0
#include "history/store/live_table.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "metric/series.h"

namespace ullage::history {

std::optional<metric::SeriesId> LiveTable::id(std::string_view packed) {
  const std::size_t hash = std::hash<std::string_view>()(packed);
  const auto [begin, end] = by_key_.equal_range(hash);
  for (auto at = begin; at != end; ++at)
    if (series_[at->second].key == packed) return hot_[at->second].life << kPlaceBits | at->second;
  if (size() >= places_max_) return std::nullopt;
  std::uint32_t place = places();
  if (free_.empty()) {
    series_.emplace_back();
    hot_.emplace_back();
  } else {
    place = free_.back();
    free_.pop_back();
  }
  series_[place].key = packed;
  by_key_.emplace(hash, place);
  return hot_[place].life << kPlaceBits | place;
}

void LiveTable::forget(std::uint32_t place) {
  const auto [begin, end] = by_key_.equal_range(std::hash<std::string_view>()(series_[place].key));
  for (auto at = begin; at != end; ++at)
    if (at->second == place) {
      by_key_.erase(at);
      break;
    }
  series_[place] = LiveSeries();
  constexpr std::uint32_t kLives = 1u << (32 - kPlaceBits);
  hot_[place] = LiveHot{.life = (hot_[place].life + 1) % kLives};
  free_.push_back(place);
}

}  // namespace ullage::history
