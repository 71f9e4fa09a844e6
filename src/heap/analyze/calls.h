// SPDX-License-Identifier: Apache-2.0
// The call trees of several processes (or runs) made one, and amounts laid upon it: what each call holds by
// itself and with all it calls. Nodes stand after their parents, node 0 is the root. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heap/analyze/moments.h"
#include "heap/profile.h"

namespace ullage::heap {

struct Calls {
  std::vector<Frame> frames;
  std::vector<CallNode> nodes;
  std::vector<std::vector<std::uint32_t>> node_of_site;  // by profile, then site
};

// Lines move from build to build: two runs are joined by function, file and module alone.
enum class JoinBy : std::uint8_t { line, function };
Calls join_calls(std::span<const Profile> profiles, JoinBy join = JoinBy::line);

// What each node holds by itself. The profiles are those that were joined, or the part from `first` on.
std::vector<Amount> amounts_by_node(const Calls& calls, std::span<const Profile> profiles,
                                    const Question& question, std::size_t first = 0);
// With all that it calls.
std::vector<Amount> with_callees(const Calls& calls, std::span<const Amount> own);

// Innermost first.
std::vector<Frame> stack_of(const Calls& calls, std::uint32_t node);
std::vector<Frame> stack_of(const Profile& profile, std::uint32_t node);
// The place in a stack that a reader means by "where it is allocated": the innermost that is no allocator's,
// container's or runtime's own. 0 when all are.
std::size_t blamed_frame(std::span<const Frame> stack);
bool is_plumbing(const Frame& frame);
// What the loader and the threads' library keep for themselves, in places where nobody looks for pointers.
bool is_of_the_runtime(const Frame& frame);
// By node: the one of its blamed frame, so that stacks which differ below that are one site.
std::vector<std::uint32_t> blamed_nodes(const Calls& calls);

// Its function, cut where a line would be full: names of templates over templates go on for ever.
std::string short_name(const Frame& frame);
std::string place_text(const Frame& frame);  // "cache.cpp:41", or its module where no file is known

}  // namespace ullage::heap
