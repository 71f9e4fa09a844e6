// SPDX-License-Identifier: Apache-2.0
// Two runs' heaps beside each other, stack by stack; stacks are joined by function, file and module, since
// lines and addresses move from build to build. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

struct HeapChange {
  std::vector<Frame> stack;  // innermost first, lines of whichever run has it
  Amount before, after;
  double bytes() const { return after.bytes - before.bytes; }
  // Whether it is more than chance: beyond 95 % of what sampling does to two equal heaps.
  bool is_sure() const;
};

struct HeapComparison {
  Amount before, after;
  std::vector<HeapChange> changes;  // by how much, whatever the sign
};

HeapComparison compare_heaps(std::span<const Profile> before, std::span<const Profile> after,
                             const Question& question);
nlohmann::json comparison_json(const HeapComparison& comparison, std::string_view run_before,
                               std::string_view run_after, std::size_t rows_max);

}  // namespace ullage::heap
