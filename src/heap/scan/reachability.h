// SPDX-License-Identifier: Apache-2.0
// Which blocks of a heap can still be reached: from the roots (data segments, stacks, registers), and from
// blocks that can be reached themselves. Conservative: any aligned word that could be a pointer into a block
// is one. Knows no process; memory is read through a function.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"

namespace ullage::heap {

struct MemoryRange {
  std::uint64_t begin = 0, end = 0;
};

struct ReachabilityQuestion {
  std::vector<MemoryRange> blocks;  // that live; need not be in order, do not overlap
  std::vector<MemoryRange> roots;
  // Roots that hold much which nobody uses any more: stacks, the allocator's own lists, words of registers.
  // It led to blocks that are gone, and points anywhere into those that took their memory: from there a
  // pointer counts near a block's beginning.
  std::vector<MemoryRange> cluttered;
  std::vector<std::uint64_t> words;
  // Whether blocks lie within roots: samples among others that nobody knows, whose memory is a root. What a
  // block holds counts when the block can be reached, in either case.
  bool roots_hold_blocks = false;
};

// As many bytes from an address on as can be read, up to the span's.
using ReadMemory = std::function<std::size_t(std::uint64_t address, std::span<std::uint64_t> words)>;
// Called between pieces of a megabyte; false ends the search with an error.
using MayGoOn = std::function<bool()>;

// The addresses of the blocks that no pointer leads to, ascending.
Result<std::vector<std::uint64_t>> find_lost(ReachabilityQuestion question, const ReadMemory& read,
                                             const MayGoOn& may_go_on);

}  // namespace ullage::heap
