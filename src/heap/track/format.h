// SPDX-License-Identifier: Apache-2.0
// The file that the preloaded profiler keeps of one process, as it lies in memory: docs/formats/heap.md in
// C++. The profiler writes it through a shared mapping, so that what stands in it survives the process in
// whatever way that ends; everybody else only reads it. Plain data, and no header but <cstdint>: it is
// compiled into other people's programs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ullage::heap::file {

constexpr char kMagic[8] = {'U', 'L', 'L', 'H', 'E', 'A', 'P', '\0'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kPage = 4096;
constexpr std::size_t kBytesWithoutRoom = 1;  // a file of this size, and zero: there was no room for more
constexpr std::uint32_t kChunksMax = 4096;
constexpr std::uint32_t kShards = 64;      // of the table of live blocks
constexpr std::uint32_t kSlotsMax = 8192;  // 13 bits of a live block
constexpr std::uint32_t kNodesMax = 1 << 24;

enum class Mode : std::uint32_t { sampled = 1, exact = 2 };

enum class ChunkKind : std::uint32_t {
  none = 0,      // taken and not yet filled in
  modules = 1,   // ModuleRecord after ModuleRecord, up to one of size 0
  nodes = 2,     // StackNode[]; the first of the file's first such chunk is node 0, the root
  live = 3,      // LiveBlock[], a hash table of which empty places are zero; `owner` is the shard
  counters = 4,  // CountersHead, then Change[]: what one thread has counted in its slot and not yet logged
  changes = 5,   // Change[] as they were logged; a node of 0 is a place that is not (yet) filled in
  mappings = 6,  // Mapping[]; begin == end is a free place
};

struct Chunk {
  std::atomic<ChunkKind> kind;  // written last
  std::uint32_t owner;
  std::uint64_t offset;  // in the file
  std::uint64_t bytes;
};

// Counted by whoever sees it; for the reader to say what is missing.
struct Losses {
  std::atomic<std::uint64_t> no_room;    // events that found no place in the file
  std::atomic<std::uint64_t> in_signal;  // events inside of another event of the same thread
  std::atomic<std::uint64_t>
      cut_stacks;  // stacks deeper than what is kept, or that could not be followed to their end
  std::atomic<std::uint64_t>
      shared_stacks;  // stacks for which there was no node left: they stand under "(no room)"
  std::atomic<std::uint64_t> raised_means;  // times that a thread made its mean coarser
};

struct SlotEnd {
  std::int64_t monotonic_ns;  // 0: the slot that is going on
};

struct FileHeader {
  char magic[8];
  std::uint32_t version;
  std::uint32_t header_bytes;  // where the first chunk may begin
  std::uint32_t pid, parent_pid;
  std::uint32_t is_forked;  // without an exec: blocks of the parent's are not here
  Mode mode;
  std::uint64_t mean_bytes;  // sampled: the first mean; each block has its own as a power of two times this
  std::int64_t started_wall_ns, started_monotonic_ns;
  std::uint32_t
      temporary_within;  // a block is temporary when its thread frees it before so many further allocations
  std::atomic<std::uint32_t>
      ended_by_exit;  // 1: exit was seen; else it was killed, has crashed, called _exit or lives
  std::atomic<std::int64_t> last_event_ns;  // monotonic, of the last look at the clock

  std::atomic<std::uint64_t> file_bytes;  // so much of the file has blocks on the disk
  std::atomic<std::uint32_t> chunk_count;
  std::atomic<std::uint32_t> node_count;
  std::atomic<std::uint32_t> slot;  // the number of the slot that is going on
  std::atomic<std::uint32_t>
      live_chunk[kShards];  // the number of the chunk that holds a shard, plus one; 0: none yet
  Losses losses;
  char program[256];  // what /proc/self/exe was

  SlotEnd slots[kSlotsMax];
  Chunk chunks[kChunksMax];
};

// A place in a program: the module's number (from 1) above, the offset in its ELF file's address space below.
// Module 0: an address as it was, of code that no file holds. kOwnModule: not a place, but a thread or what
// was allocated.
using PackedFrame = std::uint64_t;
constexpr unsigned kModuleShift = 48;
constexpr std::uint64_t kOwnModule = 0xFFFF;
constexpr std::uint64_t kOffsetMask = (std::uint64_t{1} << kModuleShift) - 1;

// Under kOwnModule: what, above; its number, below. A stack is a path of nodes from the root: the thread, the
// frames from the outermost to the innermost (return addresses: the call is one byte before), and what was
// allocated.
enum class OwnFrame : std::uint64_t {
  thread = 1,     // its ThreadName's number
  block = 2,      // of malloc and its kin: number = size class
  anonymous = 3,  // a mapping without a file: number = size class
  file = 4,       // a mapping of a file, also of shared memory that has a name
  no_room = 5,    // stands for all stacks that found no node
};
constexpr unsigned kOwnShift = 40;
constexpr PackedFrame own_frame(OwnFrame what, std::uint64_t number) {
  return kOwnModule << kModuleShift | static_cast<std::uint64_t>(what) << kOwnShift | number;
}

constexpr bool is_own(PackedFrame frame, OwnFrame what) {
  return frame >> kOwnShift == own_frame(what, 0) >> kOwnShift;
}

// Sizes are told apart by powers of two: class n holds those in (2^(n-1), 2^n], class 0 those of 0 and 1.
constexpr std::uint32_t size_class(std::uint64_t size) {
  return size <= 1 ? 0 : 64 - static_cast<std::uint32_t>(__builtin_clzll(size - 1));
}

constexpr std::uint32_t kRoot = 0;  // of the tree of stacks
struct StackNode {
  PackedFrame frame;
  std::uint32_t parent;
  std::atomic<std::uint32_t> is_there;  // 1: written whole
};

// Sixteen bytes a block. Of 0 bytes: no block. `first` has the address/8 (45 bits) and the low 19 bits of the
// size; `second` the node (24), the slot of its birth (13), the exponent of its mean (6), and the next 21
// bits of the size: at most 1 TiB - 1.
struct LiveBlock {
  std::atomic<std::uint64_t> first;
  std::atomic<std::uint64_t> second;
};

struct BlockValues {
  std::uint64_t address, size;
  std::uint32_t node, birth_slot, mean_exponent;
};
constexpr std::uint64_t kBlockBytesMax = (std::uint64_t{1} << 40) - 1;
constexpr std::uint64_t pack_first(const BlockValues& b) {
  return (b.address >> 3) << 19 | (b.size & 0x7FFFF);
}
constexpr std::uint64_t pack_second(const BlockValues& b) {
  return std::uint64_t{b.node} << 40 | std::uint64_t{b.birth_slot} << 27 |
         std::uint64_t{b.mean_exponent} << 21 | b.size >> 19;
}
constexpr BlockValues unpack(std::uint64_t first, std::uint64_t second) {
  return {.address = (first >> 19) << 3,
          .size = (first & 0x7FFFF) | (second & 0x1FFFFF) << 19,
          .node = static_cast<std::uint32_t>(second >> 40),
          .birth_slot = static_cast<std::uint32_t>(second >> 27) & 0x1FFF,
          .mean_exponent = static_cast<std::uint32_t>(second >> 21) & 0x3F};
}

// What happened at one node in one slot. A sampled block of s bytes under a mean m stands for w = 1 / (1 -
// exp(-s/m)) blocks: counts add w, bytes w·s, and the variance of the bytes' estimate w·(w-1)·s². Exact: w =
// 1, variance 0.
struct Change {
  std::atomic<std::uint32_t> node;  // written last
  std::uint32_t slot;
  double allocated_count, allocated_bytes;
  double freed_count, freed_bytes;
  double temporary_count;  // of the freed
  float allocated_variance, freed_variance;
  std::uint32_t samples;  // how many allocations were really seen
  std::uint32_t reserved;
};

struct CountersHead {
  std::uint32_t thread;  // its kernel id; 0: nobody's at the moment
  std::uint32_t capacity;
  std::uint8_t reserved[56];
};

// Of node kRoot: address space that is only reserved.
struct Mapping {
  std::uint64_t begin;
  std::uint64_t end;
  std::uint32_t node;
  std::uint32_t birth_slot;
};

enum class ModuleEvent : std::uint32_t { module = 1, thread_name = 2 };

// `bytes` long in all, a multiple of 8, with the name after it (zero-ended).
struct ModuleRecord {
  std::atomic<std::uint32_t> bytes;  // written last
  ModuleEvent event;
  std::uint32_t number;  // of the module, as in frames; of the thread's name, as in its frame
  std::uint32_t build_id_bytes;
  std::uint64_t load_bias;   // what was added to the file's addresses
  std::uint64_t begin, end;  // where it lay
  std::int64_t monotonic_ns;
  std::uint8_t build_id[32];
};

static_assert(sizeof(StackNode) == 16 && sizeof(LiveBlock) == 16 && sizeof(Change) == 64);
static_assert(sizeof(CountersHead) == 64 && sizeof(Mapping) == 24 && sizeof(Chunk) == 24);

}  // namespace ullage::heap::file
