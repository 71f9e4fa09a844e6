// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/flame.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "heap/analyze/calls.h"
#include "heap/analyze/moments.h"

namespace ullage::heap {

namespace {

constexpr std::uint32_t kNone = ~std::uint32_t{0};

// What a node has that none of its children has.
std::vector<Amount> own_of(const FlameTree& tree) {
  std::vector<Amount> own = tree.all;
  for (std::size_t node = 1; node < tree.nodes.size(); ++node) {
    const Amount& all = tree.all[node];
    own[tree.nodes[node].parent] += {-all.count, -all.bytes, -all.variance};
  }
  return own;
}

class LineWriter {
 public:
  LineWriter(const FlameTree& tree, double ratio_min)
      : tree_(tree), least_(std::abs(tree.all[0].bytes) * ratio_min), children_(tree.nodes.size()) {
    for (std::uint32_t node = 1; node < tree.nodes.size(); ++node)
      children_[tree.nodes[node].parent].push_back(node);
  }

  std::vector<FlameLine> write() {
    struct Task {
      std::uint32_t node;
      std::size_t depth;
      std::size_t left_out;
      bool is_only_call;
    };
    std::vector<Task> tasks{{0, 0, 0, false}};
    while (!tasks.empty()) {
      const Task task = tasks.back();
      tasks.pop_back();
      if (task.left_out > 0) {
        lines_.push_back({.depth = task.depth, .left_out = task.left_out});
        continue;
      }
      if (task.node != 0)
        lines_.push_back({.depth = task.depth,
                          .node = task.node,
                          .ratio = bytes(task.node) / whole(),
                          .is_only_call = task.is_only_call});
      std::vector<std::uint32_t> shown = children_[task.node];
      std::erase_if(shown, [&](std::uint32_t child) { return std::abs(bytes(child)) < least_; });
      std::ranges::sort(shown, [&](std::uint32_t a, std::uint32_t b) {
        return bytes(a) != bytes(b) ? bytes(a) < bytes(b) : a > b;
      });
      const std::size_t left_out = children_[task.node].size() - shown.size();
      const bool is_chain = task.node != 0 && shown.size() == 1 && left_out == 0;
      const std::size_t depth = task.node == 0 || is_chain ? task.depth : task.depth + 1;
      if (left_out > 0 && !shown.empty()) tasks.push_back({0, depth, left_out, false});
      for (const std::uint32_t child : shown) tasks.push_back({child, depth, 0, is_chain});
    }
    return std::move(lines_);
  }

 private:
  double bytes(std::uint32_t node) const { return tree_.all[node].bytes; }
  double whole() const { return tree_.all[0].bytes == 0 ? 1 : tree_.all[0].bytes; }

  const FlameTree& tree_;
  double least_;
  std::vector<std::vector<std::uint32_t>> children_;
  std::vector<FlameLine> lines_;
};

}  // namespace

FlameTree flame_tree(const Calls& calls, std::span<const Amount> own) {
  const std::vector<Amount> all = with_callees(calls, own);
  std::vector<bool> is_there(calls.nodes.size());
  is_there[0] = true;
  for (std::size_t node = calls.nodes.size(); node-- > 1;) {
    if (!own[node].is_nothing()) is_there[node] = true;
    if (is_there[node]) is_there[calls.nodes[node].parent] = true;
  }
  FlameTree tree{.frames = calls.frames};
  std::vector<std::uint32_t> number(calls.nodes.size(), kNone);
  for (std::size_t node = 0; node < calls.nodes.size(); ++node) {
    if (!is_there[node]) continue;
    number[node] = static_cast<std::uint32_t>(tree.nodes.size());
    tree.nodes.push_back({node == 0 ? 0 : number[calls.nodes[node].parent], calls.nodes[node].frame});
    tree.all.push_back(all[node]);
  }
  return tree;
}

FlameTree inverted(const FlameTree& tree) {
  FlameTree upside{.frames = tree.frames, .nodes = {{}}, .all = {{}}};
  std::unordered_map<std::uint64_t, std::uint32_t> children;
  const std::vector<Amount> own = own_of(tree);
  for (std::uint32_t leaf = 1; leaf < tree.nodes.size(); ++leaf) {
    // Where amounts are taken off each other, rounding leaves something of nothing.
    if (std::abs(own[leaf].bytes) < 1e-6 * std::max(1.0, std::abs(tree.all[leaf].bytes)) &&
        std::abs(own[leaf].count) < 1e-6)
      continue;
    std::uint32_t below = 0;
    upside.all[0] += own[leaf];
    for (std::uint32_t node = leaf; node != 0; node = tree.nodes[node].parent) {
      const std::uint64_t key = std::uint64_t{below} << 32 | tree.nodes[node].frame;
      const auto [at, is_new] = children.try_emplace(key, upside.nodes.size());
      if (is_new) {
        upside.nodes.push_back({below, tree.nodes[node].frame});
        upside.all.emplace_back();
      }
      below = at->second;
      upside.all[below] += own[leaf];
    }
  }
  return upside;
}

std::vector<FlameLine> flame_lines(const FlameTree& tree, double ratio_min) {
  return LineWriter(tree, ratio_min).write();
}

}  // namespace ullage::heap
