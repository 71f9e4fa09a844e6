// SPDX-License-Identifier: Apache-2.0
// The call tree as a flame graph: a tree with each call below its caller (or, inverted, each caller below
// what it calls), as lines for a terminal and as compact JSON for the page. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "heap/analyze/calls.h"
#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

// Parents before children, node 0 the root with all of it; of a node of nothing there is no trace.
struct FlameTree {
  std::vector<Frame> frames;
  std::vector<CallNode> nodes;
  std::vector<Amount> all;  // with what is below
};
FlameTree flame_tree(const Calls& calls, std::span<const Amount> own);
FlameTree inverted(const FlameTree& tree);

struct FlameLine {
  std::size_t depth = 0;
  std::uint32_t node = 0;
  double ratio = 0;           // of the whole
  bool is_only_call = false;  // of the line above, at whose depth it stays
  std::size_t left_out = 0;   // so many more calls stand below this one's parent; node is 0 then
};
// Depth first, the largest first; calls of less than `ratio_min` are counted instead of shown.
std::vector<FlameLine> flame_lines(const FlameTree& tree, double ratio_min);

// For the page: docs/formats/report.md, "heap". Several moments share one tree; nodes beyond nodes_max go to
// their callers, the smallest first.
struct FlameMoment {
  std::string name;  // "exit", "peak", "after load", "growth", "allocated"
  Question question;
};
std::string flame_data(std::span<const Profile> profiles, std::span<const FlameMoment> moments,
                       std::size_t nodes_max);

}  // namespace ullage::heap
