// SPDX-License-Identifier: Apache-2.0
#include "sense/proc/used_memory.h"

#include <algorithm>
#include <cstdint>
#include <span>

#include "sense/proc/process_tree.h"
#include "sense/sample.h"

namespace ullage::sense {

namespace {

// Doubt of less than this is not worth a reading of PSS: the promise is 2 %.
constexpr std::uint64_t kSettledShare = 128;
constexpr std::uint64_t kSettledBytes = 1 << 20;

}  // namespace

std::uint64_t counted_bytes(const ProcessSample& sample) {
  if (!sample.anonymous_bytes) return sample.resident_bytes.value_or(0);
  return *sample.anonymous_bytes + sample.shared_bytes.value_or(0) + sample.swap_bytes.value_or(0);
}

UsedMemory used_memory(std::span<const TreeProcess> processes, std::uint64_t departed_bytes) {
  UsedMemory used;
  std::uint64_t largest = 0, spike = 0, unread = 0;
  for (const TreeProcess& process : processes) {
    if (process.borrows_memory) continue;
    const std::uint64_t counted = counted_bytes(process.sample);
    std::uint64_t best = counted, gained = counted;
    if (process.has_forked) {
      gained = process.sample.shared_bytes.value_or(0);
    } else if (process.proportional) {
      gained = counted - std::min(counted, process.proportional->counted_bytes);
      best = std::min(counted, process.proportional->used_bytes + gained);
    }
    used.upper_bytes += counted;
    used.best_bytes += best;
    unread += gained;
    largest = std::max(largest, counted);
    spike = std::max(spike, process.spike_bytes);
  }
  used.best_bytes =
      std::clamp(used.best_bytes + departed_bytes, largest, std::max(largest, used.upper_bytes));
  // What was gained since PSS was read may be pages that others hold, read or not. But the truth is never
  // below what the largest process holds.
  used.unsettled_bytes = std::min(unread + departed_bytes, used.best_bytes - largest);
  used.peak_bytes = used.best_bytes + spike;
  return used;
}

bool needs_proportional(const UsedMemory& used) {
  return used.unsettled_bytes > std::max(kSettledBytes, used.best_bytes / kSettledShare);
}

}  // namespace ullage::sense
