// SPDX-License-Identifier: Apache-2.0
#include "heap/scan/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/os_root.h"
#include "base/result.h"
#include "heap/interpret/file_pieces.h"
#include "heap/interpret/live_blocks.h"
#include "heap/scan/reachability.h"
#include "heap/scan/stopped_process.h"
#include "heap/track/format.h"

namespace ullage::heap {

namespace {

constexpr std::uint64_t kRedZone = 128;  // below the stack pointer, System V ABI 3.2.2
constexpr std::string_view kHeapEnding = ".heap";
constexpr std::string_view kProfiler = "libullage_heap.so";

bool holds(const MappedRegion& region, std::uint64_t address) {
  return address >= region.begin && address < region.end;
}

// What is written to is a file's: a module's data, or a mapping of the program's own.
bool is_of_a_file(const MappedRegion& region) { return region.name.starts_with('/'); }

bool is_a_heap_file(const MappedRegion& region) { return region.name.ends_with(kHeapEnding); }
bool is_the_profiler(const MappedRegion& region) { return region.name.ends_with(kProfiler); }

bool is_of_libc(const MappedRegion& region) {
  const std::string_view file = std::string_view(region.name).substr(region.name.rfind('/') + 1);
  return file.starts_with("libc.so") || file.starts_with("libc-2") || file.starts_with("ld-musl");
}

std::uint64_t lowest_stack_pointer(const MappedRegion& region, std::span<const ThreadRegisters> threads) {
  std::uint64_t lowest = region.end;
  for (const ThreadRegisters& thread : threads)
    if (holds(region, thread.stack_pointer)) lowest = std::min(lowest, thread.stack_pointer);
  // The first thread may be running on a stack of its own making: what is on this one is in use all the same.
  if (lowest == region.end) return region.name == "[stack]" ? region.begin : region.end;
  return std::max(region.begin, lowest - kRedZone);
}

bool has_thread_pointer(const MappedRegion& region, std::span<const ThreadRegisters> threads) {
  return std::ranges::any_of(threads,
                             [&](const ThreadRegisters& t) { return holds(region, t.thread_pointer); });
}

void add_overlap(const MappedRegion& region, std::span<const MemoryRange> ranges,
                 std::vector<MemoryRange>& into) {
  for (const MemoryRange& range : ranges) {
    const std::uint64_t begin = std::max(region.begin, range.begin), end = std::min(region.end, range.end);
    if (begin < end) into.push_back({begin, end});
  }
}

// Small blocks that lead to each other lie close together: a call of the kernel for each would take longer
// than all the rest.
class PagesLatelyRead {
 public:
  explicit PagesLatelyRead(const StoppedProcess& process) : process_(process) {}

  std::size_t read(std::uint64_t address, std::span<std::uint64_t> words) {
    const std::uint64_t begin = address / kPageBytes * kPageBytes;
    if (address + words.size_bytes() > begin + kPageBytes) return process_.read(address, words);
    const std::size_t place = begin / kPageBytes % kPages;
    Page& page = pages_[place];
    std::uint64_t* const held = words_.get() + place * kPageWords;
    if (page.begin != begin) page = {begin, process_.read(begin, {held, kPageWords})};
    const std::size_t at = address - begin;
    const std::size_t got = page.bytes > at ? std::min(page.bytes - at, words.size_bytes()) : 0;
    std::memcpy(words.data(), reinterpret_cast<const char*>(held) + at, got);
    return got;
  }

 private:
  static constexpr std::size_t kPageBytes = 4096, kPageWords = kPageBytes / sizeof(std::uint64_t);
  static constexpr std::size_t kPages = 4096;
  struct Page {
    std::uint64_t begin = UINT64_MAX;
    std::size_t bytes = 0;
  };
  const StoppedProcess& process_;
  std::vector<Page> pages_ = std::vector<Page>(kPages);
  // Not touched before it is read into: of a small process little of it ever is.
  std::unique_ptr<std::uint64_t[]> words_ =
      std::make_unique_for_overwrite<std::uint64_t[]>(kPages * kPageWords);
};

}  // namespace

Result<LiveMemory> read_live_memory(const std::string& heap_file) {
  auto pieces = FilePieces::open(heap_file);
  if (!pieces) return pass_on(pieces);
  auto header = std::make_unique<file::FileHeader>();
  const std::size_t got = pieces->read(0, {reinterpret_cast<char*>(header.get()), sizeof *header});
  if (got < sizeof *header || header->version != file::kVersion)
    return fail("not a heap profiler's file of this version", heap_file);
  LiveMemory live{.is_exact = header->mode == file::Mode::exact};
  const std::uint32_t count = std::min(header->chunk_count.load(), file::kChunksMax);
  for (std::uint32_t number = 0; number < count; ++number) {
    const file::Chunk& chunk = header->chunks[number];
    const std::uint64_t end = chunk.offset + chunk.bytes;
    if (chunk.kind.load() == file::ChunkKind::mappings)
      pieces->for_each<file::Mapping>(chunk.offset, end, [&](std::uint64_t, const file::Mapping& mapping) {
        if (mapping.begin < mapping.end) live.mappings.push_back({mapping.begin, mapping.end});
      });
    const bool is_table = chunk.kind.load() == file::ChunkKind::live && chunk.owner < file::kShards &&
                          header->live_chunk[chunk.owner].load() == number + 1;
    if (!is_table) continue;
    const auto keep = [&](const file::BlockValues& block) {
      live.blocks.push_back({block.address, block.address + block.size});
    };
    LiveBlocks table(keep, chunk.bytes / sizeof(file::LiveBlock));
    pieces->for_each<file::LiveBlock>(chunk.offset, end,
                                      [&](std::uint64_t place, const file::LiveBlock& block) {
                                        table.add(place, block.first.load(), block.second.load());
                                      });
    table.finish();
  }
  return live;
}

Roots find_roots(std::span<const MappedRegion> regions, std::span<const ThreadRegisters> threads,
                 const LiveMemory& live) {
  Roots roots;
  const MappedRegion* before = nullptr;
  for (const MappedRegion& region : regions) {
    // The part of a module's data that is not in its file (.bss) follows it.
    const bool continues_module = before != nullptr && before->end == region.begin && is_of_a_file(*before) &&
                                  !is_a_heap_file(*before) && region.name.empty();
    const bool is_of_the_profiler =
        is_the_profiler(region) || is_a_heap_file(region) || (continues_module && is_the_profiler(*before));
    const MappedRegion* before_it = std::exchange(before, &region);
    const bool is_of_a_thread = has_thread_pointer(region, threads);
    if (!region.is_readable || !region.is_writable || (is_of_the_profiler && !is_of_a_thread)) continue;
    const std::uint64_t stack = lowest_stack_pointer(region, threads);
    // Others may be on a heap.
    const bool is_stack_alone = stack < region.end && (live.is_exact || region.name == "[stack]");
    const bool is_libcs = is_of_libc(region) || (continues_module && is_of_libc(*before_it));
    const bool is_data = is_of_a_file(region) || continues_module;
    if (is_libcs && !is_of_a_thread)
      roots.cluttered.push_back({region.begin, region.end});
    else if (is_stack_alone && !is_data)
      roots.cluttered.push_back({stack, region.end});
    else if (is_data || is_of_a_thread || !live.is_exact)
      roots.others.push_back({region.begin, region.end});
    else
      add_overlap(region, live.mappings, roots.others);
  }
  return roots;
}

bool is_profiled_to(pid_t pid, const std::string& heap_file, const OsRoot& root) {
  const auto regions = regions_of(pid, root);
  const std::string_view name = std::string_view(heap_file).substr(heap_file.rfind('/'));
  return regions && std::ranges::any_of(
                        *regions, [&](const MappedRegion& region) { return region.name.ends_with(name); });
}

std::string lost_file_of(const std::string& heap_file) {
  return heap_file.substr(0, heap_file.size() - kHeapEnding.size()) + ".lost";
}

Result<std::uint64_t> scan_process(pid_t pid, const std::string& heap_file, std::chrono::nanoseconds patience,
                                   const Clock& clock, const OsRoot& root) {
  const auto deadline = clock.monotonic() + patience;
  auto process = StoppedProcess::stop(pid, root);
  if (!process) return pass_on(process);
  auto live = read_live_memory(heap_file);
  if (!live) return pass_on(live);
  auto regions = regions_of(pid, root);
  if (!regions) return pass_on(regions);
  Roots roots = find_roots(*regions, process->threads(), *live);
  ReachabilityQuestion question{.blocks = std::move(live->blocks),
                                .roots = std::move(roots.others),
                                .cluttered = std::move(roots.cluttered),
                                .roots_hold_blocks = !live->is_exact};
  for (const ThreadRegisters& thread : process->threads())
    std::ranges::copy(thread.general, std::back_inserter(question.words));
  PagesLatelyRead pages(*process);
  const auto read = [&](std::uint64_t address, std::span<std::uint64_t> words) {
    return pages.read(address, words);
  };
  auto lost = find_lost(std::move(question), read, [&] { return clock.monotonic() < deadline; });
  if (!lost) return pass_on(lost);
  std::string text;
  for (const std::uint64_t address : *lost) fmt::format_to(std::back_inserter(text), "{:x}\n", address);
  if (auto written = replace_file(lost_file_of(heap_file), text); !written) return pass_on(written);
  return lost->size();
}

}  // namespace ullage::heap
