// SPDX-License-Identifier: Apache-2.0
// What the profiler keeps of one thread: the part that every allocation looks at, in the thread's own
// storage, and a larger one that a thread gets with its first recorded event and leaves to another at its
// end.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/unwinder.h"

namespace ullage::heap::track {

constexpr std::uint32_t kTemporaryWithin = 4;

struct ThreadRecord {
  std::uint32_t process;  // whose: a forked child has copies of its parent's

  // Counted and not yet logged; in the file, so that it outlives a kill. Open addressing by node.
  HeapFile::Piece counters_piece;
  file::CountersHead* head;
  file::Change* counters;
  std::uint32_t capacity;  // a power of two
  std::uint32_t used_count;
  std::uint32_t slot;

  file::PackedFrame frame;  // the thread's name
  std::uintptr_t stack_end;
  std::int64_t untold_bytes;  // of live ones, that the process' sum does not have yet

  // The last blocks, to tell those that are freed at once. Their addresses inverted, so that a search for
  // pointers finds none here.
  struct Recent {
    std::uintptr_t address;
    std::uint64_t allocation;
  } recent[kTemporaryWithin];
  bool has_lately_allocated(std::uintptr_t address) const {
    for (const Recent& one : recent)
      if (one.address == ~address) return allocations - one.allocation < kTemporaryWithin;
    return false;
  }
  std::uint64_t allocations;

  // Sampling.
  std::uint32_t mean_exponent;  // in force since the distance was drawn
  std::uint32_t next_mean_exponent;
  std::int64_t window_begin_ns;
  std::uint32_t window_samples;

  // Stacks seen lately, with their leaf, by hash; four that share a line of the processor's cache.
  static constexpr std::size_t kKnownStacks = 2048, kWays = 4;
  struct KnownStack {
    std::uint64_t hash;
    std::uint32_t node;
  };
  struct alignas(64) KnownStacks {
    KnownStack ways[kWays];
  } known[kKnownStacks];

  Stack stack;  // of the event at hand
  ThreadRecord* next_free;
};

struct ThreadLocal {
  std::int64_t countdown;  // bytes until the next sample; below 1: look
  bool is_busy;            // recording, or finding out how to: what is allocated meanwhile is not recorded
  std::uint32_t watched;   // sampled: so many allocations are counted one by one, to tell what is temporary
  std::int64_t countdown_after_watch;
  std::uint64_t random;  // 0: nothing was drawn yet
  ThreadRecord* record;
};

extern thread_local constinit ThreadLocal here __attribute__((tls_model("initial-exec")));

// Moves the thread's countdown on. True where the allocation is none of ours. Of a request for more than half
// of all addresses, which fails, the rest counts: as a negative number it would lead the countdown up.
[[gnu::always_inline]] inline bool passes_by(std::size_t bytes) {
  return (here.countdown -= static_cast<std::int64_t>(bytes & INT64_MAX)) > 0;
}

// While one lives, this thread's allocations are not recorded.
class Busy {
 public:
  Busy() { here.is_busy = true; }
  ~Busy() { here.is_busy = false; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
};

}  // namespace ullage::heap::track
