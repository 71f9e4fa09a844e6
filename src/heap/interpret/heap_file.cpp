// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/heap_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "heap/interpret/file_pieces.h"
#include "heap/interpret/live_blocks.h"
#include "heap/interpret/sums.h"
#include "heap/profile.h"
#include "heap/track/format.h"

namespace ullage::heap {

namespace {

constexpr double kSumMax = 1e24;  // more than any program counts
constexpr std::size_t kModulesBytesMax = 64 << 20;

struct Part {  // of the file: a chunk, as far as it is there
  file::ChunkKind kind = file::ChunkKind::none;
  std::uint32_t owner = 0;
  std::uint32_t number = 0;
  std::uint64_t begin = 0, end = 0;
  std::uint64_t bytes = 0;  // as the header says
};

struct Damage {
  std::uint64_t cut_bytes = 0;
  std::uint64_t parts = 0;
  std::uint64_t records = 0;
};

std::string_view until_zero(std::span<const char> bytes) {
  return {bytes.begin(), std::ranges::find(bytes, '\0')};
}

class Reading {
 public:
  Reading(FilePieces pieces, std::unique_ptr<file::FileHeader> header, const LostBlocks* lost)
      : pieces_(std::move(pieces)), header_(std::move(header)), lost_(lost) {}

  RawProfile read();

 private:
  bool is_exact() const { return header_->mode == file::Mode::exact; }
  void take_header();
  void find_parts();
  void drop_overlapping();
  void read_nodes();
  void read_modules(const Part& part);
  void take_module(const file::ModuleRecord& record, std::string_view name);
  void make_room();
  void read_changes();
  void take_change(const file::Change& change);
  void read_living();
  void take_block(const file::BlockValues& block);
  void take_mapping(const file::Mapping& mapping);
  Reach reach_of(std::uint64_t address) const;
  bool is_site(std::uint32_t node) const;
  void see_slot(std::uint32_t slot) { slots_ = std::max(slots_, slot + 1); }
  std::int64_t wall_ms(std::int64_t monotonic_ns) const;
  void take_times();
  void tell_damage();

  FilePieces pieces_;
  std::unique_ptr<file::FileHeader> header_;
  const LostBlocks* lost_;
  std::vector<Part> parts_;
  Sums<Change> changes_;
  Sums<Living> living_;
  std::uint32_t slots_ = 1;
  Damage damage_;
  RawProfile raw_;
};

RawProfile Reading::read() {
  take_header();
  find_parts();
  drop_overlapping();
  read_nodes();
  for (const Part& part : parts_)
    if (part.kind == file::ChunkKind::modules) read_modules(part);
  read_changes();
  read_living();
  raw_.profile.changes = std::move(changes_).take();
  raw_.profile.living = std::move(living_).take();
  take_times();
  tell_damage();
  return std::move(raw_);
}

void Reading::take_header() {
  Profile& profile = raw_.profile;
  profile.pid = header_->pid;
  profile.parent_pid = header_->parent_pid;
  profile.is_forked = header_->is_forked != 0;
  profile.has_ended_by_exit = header_->ended_by_exit.load() != 0;
  profile.is_exact = is_exact();
  profile.mean_bytes = is_exact() ? 0 : header_->mean_bytes;
  profile.temporary_within = header_->temporary_within;
  profile.program = until_zero(header_->program);
  const file::Losses& losses = header_->losses;
  profile.losses = {.no_room = losses.no_room.load(),
                    .in_signal = losses.in_signal.load(),
                    .cut_stacks = losses.cut_stacks.load(),
                    .shared_stacks = losses.shared_stacks.load(),
                    .raised_means = losses.raised_means.load()};
  see_slot(std::min(header_->slot.load(), file::kSlotsMax - 1));
}

void Reading::find_parts() {
  const std::uint64_t size = pieces_.size();
  if (size < sizeof(file::FileHeader)) damage_.cut_bytes += sizeof(file::FileHeader) - size;
  const std::uint32_t count = std::min(header_->chunk_count.load(), file::kChunksMax);
  for (std::uint32_t number = 0; number < count; ++number) {
    const file::Chunk& chunk = header_->chunks[number];
    const file::ChunkKind kind = chunk.kind.load();
    if (kind == file::ChunkKind::none) continue;
    if (kind > file::ChunkKind::mappings || chunk.offset < sizeof(file::FileHeader) ||
        chunk.offset > UINT64_MAX - chunk.bytes) {
      ++damage_.parts;
      continue;
    }
    const std::uint64_t end = std::min(chunk.offset + chunk.bytes, size);
    damage_.cut_bytes += chunk.offset + chunk.bytes - std::max(end, chunk.offset);
    parts_.push_back({kind, chunk.owner, number, std::min(chunk.offset, end), end, chunk.bytes});
  }
}

// No byte is read twice: a header that named the same bytes four thousand times would make much of little.
void Reading::drop_overlapping() {
  std::vector<Part*> by_place;
  for (Part& part : parts_) by_place.push_back(&part);
  std::ranges::sort(by_place, {}, [](const Part* part) { return std::pair(part->begin, part->number); });
  std::uint64_t end = 0;
  for (Part* part : by_place) {
    if (part->begin < part->end && part->begin < end) {
      part->end = part->begin;
      ++damage_.parts;
    }
    end = std::max(end, part->end);
  }
}

void Reading::read_nodes() {
  raw_.nodes.push_back({.is_there = true});
  std::uint64_t first = 0;
  for (const Part& part : parts_) {
    if (part.kind != file::ChunkKind::nodes) continue;
    pieces_.for_each<file::StackNode>(
        part.begin, part.end, [&](std::uint64_t i, const file::StackNode& node) {
          const std::uint64_t number = first + i;
          if (number == 0 || number >= file::kNodesMax || node.is_there.load() == 0) return;
          const bool has_parent =
              node.parent < number && node.parent < raw_.nodes.size() && raw_.nodes[node.parent].is_there;
          if (!has_parent || node.is_there.load() != 1) {
            ++damage_.records;
            return;
          }
          raw_.nodes.resize(number + 1);
          raw_.nodes[number] = {node.frame, node.parent, true};
        });
    first = std::min<std::uint64_t>(first + part.bytes / sizeof(file::StackNode), file::kNodesMax);
  }
}

void Reading::read_modules(const Part& part) {
  const auto bytes =
      static_cast<std::size_t>(std::min<std::uint64_t>(part.end - part.begin, kModulesBytesMax));
  std::vector<std::uint64_t> buffer(bytes / sizeof(std::uint64_t));
  std::span<char> text(reinterpret_cast<char*>(buffer.data()), buffer.size() * sizeof(std::uint64_t));
  text = text.first(pieces_.read(part.begin, text));
  while (text.size() >= sizeof(file::ModuleRecord)) {
    const auto& record = *reinterpret_cast<const file::ModuleRecord*>(text.data());
    const std::uint32_t size = record.bytes.load();
    if (size == 0) return;
    if (size < sizeof(file::ModuleRecord) || size % sizeof(std::uint64_t) != 0 ||
        record.build_id_bytes > sizeof record.build_id) {
      ++damage_.records;
      return;  // where the next one begins is not known either
    }
    if (size > text.size()) return;  // it is cut there, which is told already
    take_module(record, until_zero({text.begin() + sizeof(file::ModuleRecord), text.begin() + size}));
    text = text.subspan(size);
  }
}

void Reading::take_module(const file::ModuleRecord& record, std::string_view name) {
  switch (record.event) {
    case file::ModuleEvent::module:
      raw_.modules[record.number] = {std::string(name),
                                     {reinterpret_cast<const char*>(record.build_id), record.build_id_bytes}};
      return;
    case file::ModuleEvent::thread_name:
      raw_.thread_names[record.number] = name;
      return;
  }
  ++damage_.records;
}

// All the room at once: what grows by copying would for a moment take three times as much.
void Reading::make_room() {
  constexpr std::uint64_t kReservedMax = 4 << 20;
  std::uint64_t changes = 0;
  for (const Part& part : parts_)
    if (part.kind == file::ChunkKind::changes || part.kind == file::ChunkKind::counters)
      changes += (part.end - part.begin) / sizeof(file::Change);
  changes_.reserve(static_cast<std::size_t>(std::min(changes, kReservedMax)));
}

void Reading::read_changes() {
  make_room();
  const auto take = [this](std::uint64_t, const file::Change& change) { take_change(change); };
  for (const Part& part : parts_) {
    if (part.kind == file::ChunkKind::changes) pieces_.for_each<file::Change>(part.begin, part.end, take);
    if (part.kind != file::ChunkKind::counters) continue;
    alignas(file::CountersHead) std::array<char, sizeof(file::CountersHead)> bytes{};
    const bool has_head = part.end - part.begin >= bytes.size();
    if (!has_head || pieces_.read(part.begin, bytes) < bytes.size()) continue;
    const std::uint64_t capacity = reinterpret_cast<const file::CountersHead*>(bytes.data())->capacity;
    const std::uint64_t begin = part.begin + bytes.size();
    pieces_.for_each<file::Change>(begin, std::min(part.end, begin + capacity * sizeof(file::Change)), take);
  }
}

// Whether something may be told of the node: a path from the root leads to it, and it says what was
// allocated.
bool Reading::is_site(std::uint32_t node) const {
  return node != 0 && node < raw_.nodes.size() && raw_.nodes[node].is_there &&
         raw_.nodes[node].frame >> file::kModuleShift == file::kOwnModule;
}

void Reading::take_change(const file::Change& change) {
  const std::uint32_t node = change.node.load();
  if (node == 0) return;
  const Change taken{.site = node,
                     .slot = change.slot,
                     .samples = change.samples,
                     .allocated_count = change.allocated_count,
                     .allocated_bytes = change.allocated_bytes,
                     .freed_count = change.freed_count,
                     .freed_bytes = change.freed_bytes,
                     .temporary_count = change.temporary_count,
                     .allocated_variance = change.allocated_variance,
                     .freed_variance = change.freed_variance};
  const bool adds_up = std::ranges::all_of(
      std::array{taken.allocated_count, taken.allocated_bytes, taken.freed_count, taken.freed_bytes,
                 taken.temporary_count, taken.allocated_variance, taken.freed_variance},
      [](double value) { return value >= 0 && value <= kSumMax; });
  if (!is_site(node) || taken.slot >= file::kSlotsMax || !adds_up) {
    ++damage_.records;
    return;
  }
  see_slot(taken.slot);
  changes_.add(taken);
}

void Reading::read_living() {
  for (const Part& part : parts_) {
    if (part.kind == file::ChunkKind::mappings)
      pieces_.for_each<file::Mapping>(
          part.begin, part.end,
          [this](std::uint64_t, const file::Mapping& mapping) { take_mapping(mapping); });
    // A table that was outgrown stays in the file and is named no more.
    if (part.kind != file::ChunkKind::live || part.owner >= file::kShards ||
        header_->live_chunk[part.owner].load() != part.number + 1)
      continue;
    LiveBlocks blocks([this](const file::BlockValues& block) { take_block(block); },
                      part.bytes / sizeof(file::LiveBlock));
    pieces_.for_each<file::LiveBlock>(part.begin, part.end,
                                      [&](std::uint64_t place, const file::LiveBlock& block) {
                                        blocks.add(place, block.first.load(), block.second.load());
                                      });
    blocks.finish();
  }
}

Reach Reading::reach_of(std::uint64_t address) const {
  if (lost_ == nullptr) return Reach::unknown;
  return std::ranges::binary_search(*lost_, address) ? Reach::lost : Reach::reachable;
}

// A sampled block of s bytes under a mean of m stands for w = 1 / (1 - exp(-s/m)) blocks, since that was the
// chance to sample it (format.h).
void Reading::take_block(const file::BlockValues& block) {
  if (!is_site(block.node)) {
    ++damage_.records;
    return;
  }
  const auto size = static_cast<double>(block.size);
  const double mean =
      std::ldexp(static_cast<double>(header_->mean_bytes), static_cast<int>(block.mean_exponent));
  const double weight = is_exact() || mean <= 0 ? 1 : -1 / std::expm1(-size / mean);
  see_slot(block.birth_slot);
  living_.add({.site = block.node,
               .birth_slot = block.birth_slot,
               .reach = reach_of(block.address),
               .samples = 1,
               .count = weight,
               .bytes = weight * size,
               .variance = weight * (weight - 1) * size * size});
}

void Reading::take_mapping(const file::Mapping& mapping) {
  if (mapping.begin == mapping.end || mapping.end == 0) return;  // free, or half written
  if (mapping.node == file::kRoot) return;                       // only reserved
  if (mapping.begin > mapping.end || !is_site(mapping.node) || mapping.birth_slot >= file::kSlotsMax) {
    ++damage_.records;
    return;
  }
  see_slot(mapping.birth_slot);
  living_.add({.site = mapping.node,
               .birth_slot = mapping.birth_slot,
               .reach = reach_of(mapping.begin),
               .samples = 1,
               .count = 1,
               .bytes = static_cast<double>(mapping.end - mapping.begin)});
}

std::int64_t Reading::wall_ms(std::int64_t monotonic_ns) const {
  constexpr std::int64_t kNsPerMs = 1'000'000;
  return header_->started_wall_ns / kNsPerMs + monotonic_ns / kNsPerMs -
         header_->started_monotonic_ns / kNsPerMs;
}

// A slot without an end is the one that was going on; ends go up, whatever the file says.
void Reading::take_times() {
  Profile& profile = raw_.profile;
  profile.started_ms = wall_ms(header_->started_monotonic_ns);
  const std::int64_t last_ms = wall_ms(header_->last_event_ns.load());
  profile.ended_ms = std::max(profile.started_ms, last_ms);
  std::int64_t end_ms = profile.started_ms;
  for (std::uint32_t slot = 0; slot < slots_; ++slot) {
    const std::int64_t monotonic_ns = header_->slots[slot].monotonic_ns;
    end_ms = std::max(end_ms, monotonic_ns == 0 ? profile.ended_ms : wall_ms(monotonic_ns));
    profile.slot_ends_ms.push_back(end_ms);
  }
  profile.ended_ms = end_ms;
}

void Reading::tell_damage() {
  std::vector<std::string>& problems = raw_.profile.problems;
  if (damage_.cut_bytes != 0)
    problems.push_back("the file is cut off: " + std::to_string(damage_.cut_bytes) + " bytes are missing");
  if (damage_.parts != 0)
    problems.push_back(std::to_string(damage_.parts) + " parts of the file are damaged and left out");
  if (damage_.records != 0)
    problems.push_back(std::to_string(damage_.records) + " entries of the file are damaged and left out");
  const auto& losses = raw_.profile.losses;
  if (losses.no_room != 0)
    problems.push_back("no room was left to record " + std::to_string(losses.no_room) +
                       " events: what they allocated or freed is missing");
  if (losses.shared_stacks != 0)
    problems.push_back("no room was left for " + std::to_string(losses.shared_stacks) +
                       " stacks: what they allocated is told without them");
}

Result<void> check_header(const file::FileHeader& header, std::size_t bytes, const std::string& path) {
  const bool is_empty = std::ranges::all_of(header.magic, [](char c) { return c == '\0'; });
  if (is_empty && bytes == file::kBytesWithoutRoom)
    return fail(
        "no room was left for its profile: on the disk, in its memory (ulimit -v) or its files (ulimit -f)");
  if (is_empty)
    return fail(Error{.what = "nothing was written to it yet", .where = path, .system_error = ENODATA});
  if (bytes < offsetof(file::FileHeader, header_bytes) ||
      std::memcmp(header.magic, file::kMagic, sizeof file::kMagic) != 0)
    return fail("not a heap profiler's file", path);
  if (header.version > file::kVersion)
    return fail(Error{.what = "written by a newer ullage (format " + std::to_string(header.version) + ")",
                      .where = path,
                      .hint = "this one reads up to format " + std::to_string(file::kVersion) + "; update it",
                      .system_error = kNewerFormat});
  if (header.version == 0) return fail("not a heap profiler's file", path);
  return {};
}

}  // namespace

Result<RawProfile> read_heap_file(const std::string& path, const LostBlocks* lost) {
  auto pieces = FilePieces::open(path);
  if (!pieces) return pass_on(pieces);
  auto header = std::make_unique<file::FileHeader>();
  const std::size_t got = pieces->read(0, {reinterpret_cast<char*>(header.get()), sizeof(file::FileHeader)});
  if (auto checked = check_header(*header, got, path); !checked) return pass_on(checked);
  return Reading(std::move(*pieces), std::move(header), lost).read();
}

}  // namespace ullage::heap
