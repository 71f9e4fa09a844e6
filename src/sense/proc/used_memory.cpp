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

UsedMemory used_memory(std::span<const TreeProcess> processes, std::uint64_t departed_bytes,
                       std::uint64_t machine_shared_bytes) {
  UsedMemory used;
  std::uint64_t largest = 0, spike = 0, unread = 0, largest_unread = 0, shared = 0, largest_shared = 0;
  for (const TreeProcess& process : processes) {
    if (process.borrows_memory) continue;
    const std::uint64_t counted = counted_bytes(process.sample);
    std::uint64_t best = counted, gained = counted;
    if (process.has_forked) {
      gained = 0;
    } else if (process.proportional) {
      gained = counted - std::min(counted, process.proportional->counted_bytes);
      best = std::min(counted, process.proportional->used_bytes + gained);
    }
    used.upper_bytes += counted;
    used.best_bytes += best;
    unread += gained;
    largest_unread = std::max(largest_unread, gained);
    largest = std::max(largest, counted);
    shared += process.sample.shared_bytes.value_or(0);
    largest_shared = std::max(largest_shared, process.sample.shared_bytes.value_or(0));
    spike = std::max(spike, process.spike_bytes);
  }
  // All their shared pages together are no more than there are.
  const std::uint64_t shared_at_most = std::min(shared, std::max(machine_shared_bytes, largest_shared));
  used.upper_bytes -= shared - shared_at_most;
  used.shared_doubt_bytes = shared_at_most - largest_shared;
  used.best_bytes =
      std::clamp(used.best_bytes + departed_bytes, largest, std::max(largest, used.upper_bytes));
  // A page that is counted twice is in two processes: all but the largest gain may be the same pages again.
  // And the truth is never below what the largest process holds.
  used.unsettled_bytes = std::min(unread - largest_unread + departed_bytes, used.best_bytes - largest);
  used.peak_bytes = used.best_bytes + spike;
  return used;
}

bool needs_shared_sum(const UsedMemory& used, std::uint64_t known_peak_bytes) {
  return used.peak_bytes > known_peak_bytes &&
         used.shared_doubt_bytes > std::max(kSettledBytes, used.best_bytes / kSettledShare);
}

bool needs_proportional(const UsedMemory& used, std::uint64_t known_peak_bytes) {
  if (used.peak_bytes <= known_peak_bytes) return false;
  return used.unsettled_bytes > std::max(kSettledBytes, used.best_bytes / kSettledShare);
}

}  // namespace ullage::sense
