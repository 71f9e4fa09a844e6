// SPDX-License-Identifier: Apache-2.0
#include "sense/custom/recent_members.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ullage::sense {

namespace {

std::int64_t second_of(std::chrono::nanoseconds now) {
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

// The seconds from here on are within the window.
std::int64_t first_second(std::chrono::nanoseconds now) {
  return second_of(now) - RecentMembers::kWindow.count() + 1;
}

}  // namespace

void RecentMembers::add(std::size_t member, std::chrono::nanoseconds now) {
  const std::int64_t second = second_of(now);
  const auto [known, is_new] = newest_.try_emplace(member, second);
  if (!is_new) {
    if (known->second == second) return;
    if (const auto before = by_second_.find(known->second); before != by_second_.end()) --before->second;
    known->second = second;
  }
  ++by_second_[second];
}

std::uint64_t RecentMembers::count(std::chrono::nanoseconds now) const {
  std::uint64_t count = 0;
  for (auto it = by_second_.lower_bound(first_second(now)); it != by_second_.end(); ++it) count += it->second;
  return count;
}

void RecentMembers::sweep(std::chrono::nanoseconds now) {
  const std::int64_t first = first_second(now);
  std::erase_if(newest_, [&](const auto& member) { return member.second < first; });
  by_second_.erase(by_second_.begin(), by_second_.lower_bound(first));
}

}  // namespace ullage::sense
