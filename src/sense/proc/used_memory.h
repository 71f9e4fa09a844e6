// SPDX-License-Identifier: Apache-2.0
// The memory of a tree that cannot be reclaimed (anonymous, shared, swapped), with pages that several
// processes share counted once. Each tick it is reckoned from cheap figures as a bound from above; only when
// there is doubt, because sharing may be why, is PSS worth its price: read of all at once and when nothing
// grows, for PSS of different moments does not add up (session/reading.cpp).
//
// Pure.
#pragma once

#include <cstdint>
#include <span>

#include "sense/proc/process_tree.h"

namespace ullage::sense {

struct UsedMemory {
  std::uint64_t upper_bytes = 0;  // each page counted with each of its holders
  // Shared pages once, as far as PSS is known; what a process has gained since its PSS was read counts as its
  // own. Never below what the largest process holds.
  std::uint64_t best_bytes = 0;
  std::uint64_t peak_bytes = 0;  // best, and the greatest spike that a process had since the last reading
  std::uint64_t unsettled_bytes = 0;  // by so much may best be above the truth; 0 for a single process
};

// departed_bytes: as ProcessTree::departed_bytes().
UsedMemory used_memory(std::span<const TreeProcess> processes, std::uint64_t departed_bytes);

// Whether too much is unsettled to tell without PSS.
bool needs_proportional(const UsedMemory& used);

// What the process holds, each page whole. Where the split is not to be had, all that is resident.
std::uint64_t counted_bytes(const ProcessSample& sample);

}  // namespace ullage::sense
