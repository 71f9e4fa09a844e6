// SPDX-License-Identifier: Apache-2.0
// One shard of the table of live blocks, read place by place. To take a block out of it, its writer shifts
// those behind it forward (open addressing, linear probing): killed meanwhile, it leaves one block twice
// within a run of taken places, or a place whose first half is not written.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "heap/track/format.h"

namespace ullage::heap {

template <class Visit>
class LiveBlocks {
 public:
  // Calls visit(BlockValues) once for each block.
  LiveBlocks(Visit visit, std::uint64_t places) : visit_(std::move(visit)), places_(places) {}

  // Place by place, ascending; empty places may be left out.
  void add(std::uint64_t place, std::uint64_t first, std::uint64_t second) {
    if (first == 0) return;  // also of a block that was just being written
    if (place != next_place_ || run_.size() >= kRunMax) end_run();
    if (run_.empty()) run_begin_ = place;
    run_.push_back({file::unpack(first, second), order_++});
    next_place_ = place + 1;
  }

  void finish() {
    // The table is a ring: what stands at its end goes on at its beginning.
    if (next_place_ == places_ && run_begin_ != 0) {
      for (const Seen& seen : at_the_beginning_) run_.push_back({seen.block, order_++});
      at_the_beginning_.clear();
    }
    tell(run_);
    tell(at_the_beginning_);
  }

 private:
  struct Seen {
    file::BlockValues block;
    std::uint64_t order;  // in the ring
  };
  static constexpr std::size_t kRunMax = 1 << 16;  // of a damaged table; a healthy one has runs of hundreds

  void end_run() {
    if (run_begin_ == 0 && !run_.empty() && at_the_beginning_.empty())
      at_the_beginning_ = std::move(run_);
    else
      tell(run_);
    run_.clear();
  }

  void tell(std::vector<Seen>& run) {
    std::ranges::sort(run, {}, [](const Seen& seen) { return std::pair(seen.block.address, seen.order); });
    for (std::size_t i = 0; i < run.size(); ++i)
      if (run[i].block.size != 0 && (i + 1 == run.size() || run[i + 1].block.address != run[i].block.address))
        visit_(run[i].block);
  }

  Visit visit_;
  std::uint64_t places_;
  std::uint64_t next_place_ = 0;
  std::uint64_t run_begin_ = 0;
  std::uint64_t order_ = 0;
  std::vector<Seen> run_;
  std::vector<Seen> at_the_beginning_;
};

}  // namespace ullage::heap
