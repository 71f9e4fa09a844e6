// SPDX-License-Identifier: Apache-2.0
#include "heap/profile.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ullage::heap {

bool is_memory(AllocationKind kind) { return kind != AllocationKind::file_mapping; }

std::uint32_t fullest_slot(const Profile& profile) {
  std::vector<double> bytes(profile.slot_ends_ms.size());
  for (const Change& change : profile.changes)
    if (change.slot < bytes.size() && is_memory(profile.sites[change.site].kind))
      bytes[change.slot] += change.allocated_bytes - change.freed_bytes;
  double lives = 0, most = 0;
  std::size_t fullest = 0;
  for (std::size_t slot = 0; slot < bytes.size(); ++slot) {
    lives += bytes[slot];
    if (lives <= most) continue;
    most = lives;
    fullest = slot;
  }
  return static_cast<std::uint32_t>(fullest);
}

}  // namespace ullage::heap
