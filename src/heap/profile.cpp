// SPDX-License-Identifier: Apache-2.0
#include "heap/profile.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ullage::heap {

bool is_memory(AllocationKind kind) { return kind != AllocationKind::file_mapping; }

std::vector<double> living_by_slot(const Profile& profile, Counted counted) {
  std::vector<double> bytes(profile.slot_ends_ms.size());
  for (const Change& change : profile.changes)
    if (change.slot < bytes.size() && (counted == Counted::all || is_memory(profile.sites[change.site].kind)))
      bytes[change.slot] += change.allocated_bytes - change.freed_bytes;
  for (std::size_t slot = 1; slot < bytes.size(); ++slot) bytes[slot] += bytes[slot - 1];
  return bytes;
}

std::uint32_t fullest_slot(const Profile& profile) {
  const std::vector<double> bytes = living_by_slot(profile, Counted::memory);
  const auto most = std::ranges::max_element(bytes);
  return most == bytes.end() || *most <= 0 ? 0 : static_cast<std::uint32_t>(most - bytes.begin());
}

}  // namespace ullage::heap
