// SPDX-License-Identifier: Apache-2.0
// What one process did with its memory, with names: what src/heap/interpret makes of a profiler's file and
// src/heap/analyze answers from. Plain values. Counts and bytes are estimates where the profile is sampled,
// each with its variance.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ullage::heap {

struct Frame {
  std::string function;  // demangled; "module+0x1a2b" where no name is known
  std::string file;      // of the source, empty where unknown
  std::uint32_t line = 0;
  std::string module;  // the base name of the file
  bool is_inlined = false;
  auto operator<=>(const Frame&) const = default;
};

// A tree of calls: node 0 is the root, of no frame; a parent's number is less than its children's.
struct CallNode {
  std::uint32_t parent = 0;
  std::uint32_t frame = 0;  // index in Profile::frames
};

enum class AllocationKind : std::uint8_t { block, anonymous_mapping, file_mapping };
// Not what a file or others hold as well: it counts, and does not make a peak.
bool is_memory(AllocationKind kind);

// A stack that allocates, apart by thread, size and kind.
struct Site {
  std::uint32_t node = 0;  // the innermost call
  AllocationKind kind = AllocationKind::block;
  std::uint8_t size_class = 0;  // sizes in (2^(n-1), 2^n]
  std::uint32_t thread = 0;     // index in Profile::threads
};

struct Change {
  std::uint32_t site = 0;
  std::uint32_t slot = 0;
  std::uint32_t samples = 0;
  double allocated_count = 0, allocated_bytes = 0;
  double freed_count = 0, freed_bytes = 0;
  double temporary_count = 0;
  double allocated_variance = 0, freed_variance = 0;  // of the bytes
};

enum class Reach : std::uint8_t { unknown, reachable, lost };

// What lives at the end: the blocks of a site that were born in one slot.
struct Living {
  std::uint32_t site = 0;
  std::uint32_t birth_slot = 0;
  Reach reach = Reach::unknown;
  std::uint32_t samples = 0;
  double count = 0, bytes = 0, variance = 0;
};

struct Profile {
  std::uint32_t version = 1;
  std::uint32_t pid = 0, parent_pid = 0;
  bool is_forked = false;  // without an exec: what its parent had is not here
  bool has_ended_by_exit = false;
  bool is_exact = false;
  std::uint64_t mean_bytes = 0;  // sampled: how many bytes one sample stood for at first
  std::uint32_t temporary_within = 0;
  std::string program;
  std::int64_t started_ms = 0, ended_ms = 0;  // since the epoch; the end is of the last event
  std::vector<std::string> threads;
  std::vector<Frame> frames;
  std::vector<CallNode> nodes;
  std::vector<Site> sites;
  std::vector<std::int64_t> slot_ends_ms;  // since the epoch, ascending; slot n ends there
  std::uint32_t peak_slot = 0;             // at whose end most memory lived: fullest_slot()
  std::vector<Change> changes;             // by slot, then site; each pair once
  std::vector<Living> living;              // by site, then birth
  struct {
    std::uint64_t no_room = 0, in_signal = 0, cut_stacks = 0, shared_stacks = 0, raised_means = 0;
  } losses;
  std::vector<std::string> problems;  // what was damaged and left out, for the reader to say
};

// How many bytes live at the end of each slot, by the profile's changes: of all sites, or of memory alone.
enum class Counted : std::uint8_t { all, memory };
std::vector<double> living_by_slot(const Profile& profile, Counted counted = Counted::all);
// The first at whose end most memory lives.
std::uint32_t fullest_slot(const Profile& profile);

}  // namespace ullage::heap
