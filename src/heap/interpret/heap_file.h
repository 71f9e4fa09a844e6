// SPDX-License-Identifier: Apache-2.0
// Reads the file that the preloaded profiler keeps of one process (track/format.h, docs/formats/heap.md) and
// adds up what stands in it: what was logged, what each thread had counted and not yet logged, what lives.
// The file may be cut at any byte, may still grow, may lie: every number in it is checked, what cannot be is
// left out and told, and the memory taken is bounded by what the file really holds. No names: symbols.h.
#pragma once

#include <cerrno>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "heap/profile.h"
#include "heap/track/format.h"

namespace ullage::heap {

// A file that code was mapped from. The build-id is bytes, and empty where it has none.
struct ModuleFile {
  std::string path;
  std::string build_id;
  auto operator<=>(const ModuleFile&) const = default;
};

struct RawNode {
  file::PackedFrame frame = 0;
  std::uint32_t parent = 0;  // less than its own number; the root is node 0
  bool is_there = false;     // only of nodes that are there something is told
};

struct RawProfile {
  // All of it that needs no names: its threads, frames, nodes and sites are empty, and the `site` of a change
  // or of what lives is a number in `nodes` here, of a frame of kOwnModule.
  Profile profile;
  std::vector<RawNode> nodes;
  std::map<std::uint32_t, ModuleFile> modules;  // by their numbers in frames
  std::map<std::uint32_t, std::string> thread_names;
};

// Addresses of blocks that nothing points to any more, ascending: what a scan of the process found.
using LostBlocks = std::vector<std::uint64_t>;

// system_error of the refusal of a file that a newer Ullage wrote, which is not damaged and must be kept.
constexpr int kNewerFormat = EOPNOTSUPP;

// Without `lost` nobody has looked, and of all that lives it is unknown whether it can be reached.
Result<RawProfile> read_heap_file(const std::string& path, const LostBlocks* lost = nullptr);

}  // namespace ullage::heap
