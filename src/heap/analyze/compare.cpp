// SPDX-License-Identifier: Apache-2.0
#include "heap/analyze/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "heap/analyze/calls.h"
#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

bool HeapChange::is_sure() const {
  constexpr double kNormal95 = 1.959964;
  return std::abs(bytes()) > kNormal95 * std::sqrt(before.variance + after.variance) && bytes() != 0;
}

HeapComparison compare_heaps(std::span<const Profile> before, std::span<const Profile> after,
                             const Question& question) {
  std::vector<Profile> both(before.begin(), before.end());
  both.insert(both.end(), after.begin(), after.end());
  const Calls calls = join_calls(both, JoinBy::function);
  std::vector<Amount> first = amounts_by_node(calls, before, question);
  std::vector<Amount> second = amounts_by_node(calls, after, question, before.size());
  const std::vector<std::uint32_t> blamed = blamed_nodes(calls);
  for (std::uint32_t node = 1; node < blamed.size(); ++node) {
    if (blamed[node] == node) continue;
    first[blamed[node]] += std::exchange(first[node], {});
    second[blamed[node]] += std::exchange(second[node], {});
  }
  HeapComparison comparison;
  for (std::uint32_t node = 0; node < calls.nodes.size(); ++node) {
    comparison.before += first[node];
    comparison.after += second[node];
    if (std::abs(second[node].bytes - first[node].bytes) < 0.5) continue;
    comparison.changes.push_back({stack_of(calls, node), first[node], second[node]});
  }
  std::ranges::sort(comparison.changes, [](const HeapChange& a, const HeapChange& b) {
    const double a_bytes = std::abs(a.bytes());
    const double b_bytes = std::abs(b.bytes());
    return a_bytes != b_bytes ? a_bytes > b_bytes : a.stack < b.stack;
  });
  return comparison;
}

}  // namespace ullage::heap
