// SPDX-License-Identifier: Apache-2.0
// Writes files as the profiler does, for tests and for fuzzing's seeds: what is told to it in parts, the
// header in front. Says nothing of how a running profiler comes to it.
#pragma once

#include <stdlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.h"
#include "heap/track/format.h"

namespace ullage::heap {

struct Told {  // of a node in a slot
  std::uint32_t node = 0, slot = 0;
  double allocated_count = 0, allocated_bytes = 0, freed_count = 0, freed_bytes = 0, temporary_count = 0;
  float allocated_variance = 0, freed_variance = 0;
  std::uint32_t samples = 0;
};

class HeapFileWriter {
 public:
  explicit HeapFileWriter(file::Mode mode = file::Mode::exact) {
    std::memcpy(header_->magic, file::kMagic, sizeof file::kMagic);
    header_->version = file::kVersion;
    header_->header_bytes = sizeof(file::FileHeader);
    header_->pid = 42;
    header_->parent_pid = 41;
    header_->mode = mode;
    header_->mean_bytes = 512 << 10;
    header_->started_wall_ns = 1'700'000'000'000'000'000;
    header_->started_monotonic_ns = 5'000'000'000;
    header_->last_event_ns = 8'000'000'000;
    header_->temporary_within = 10;
    std::memcpy(header_->program, "/bin/program", sizeof "/bin/program");
    node(0, 0);
  }

  file::FileHeader& header() { return *header_; }

  std::uint32_t node(file::PackedFrame frame, std::uint32_t parent) {
    return add_node(frame, parent, /*is_there=*/1);
  }
  std::uint32_t add_node(file::PackedFrame frame, std::uint32_t parent, std::uint32_t is_there) {
    const file::StackNode node{frame, parent, {is_there}};
    append(nodes_, node);
    return header_->node_count++;
  }

  void module(std::uint32_t number, std::string_view path, std::string_view build_id = {}) {
    record(file::ModuleEvent::module, number, path, build_id);
  }
  void thread_name(std::uint32_t number, std::string_view name) {
    record(file::ModuleEvent::thread_name, number, name, {});
  }

  void logged(const Told& told) { append_change(changes_, told); }
  void unlogged(const Told& told) { append_change(counters_, told); }
  void mapping(std::uint64_t begin, std::uint64_t end, std::uint32_t node, std::uint32_t birth_slot) {
    append(mappings_, file::Mapping{begin, end, node, birth_slot});
  }

  // A table of live blocks; the last of a shard is the one that is named.
  template <class Blocks>
  void live(std::uint32_t shard, const Blocks& places) {
    std::string table;
    for (const file::BlockValues& block : places) {
      const bool is_empty = block.size == 0;
      append(table, file::LiveBlock{{is_empty ? 0 : pack_first(block)}, {is_empty ? 0 : pack_second(block)}});
    }
    header_->live_chunk[shard] = part(file::ChunkKind::live, table, shard) + 1;
  }

  // A part as it is; its number.
  std::uint32_t part(file::ChunkKind kind, std::string_view bytes, std::uint32_t owner = 0) {
    const std::uint32_t number = header_->chunk_count++;
    file::Chunk& chunk = header_->chunks[number];
    chunk.owner = owner;
    chunk.offset = sizeof(file::FileHeader) + parts_.size();
    chunk.bytes = bytes.size();
    chunk.kind = kind;
    parts_ += bytes;
    return number;
  }

  // The whole file; nothing can be told after.
  std::string finish() {
    std::string counters;
    file::CountersHead head{
        .thread = 42, .capacity = static_cast<std::uint32_t>(counters_.size() / 64), .reserved = {}};
    append(counters, head);
    part(file::ChunkKind::nodes, nodes_);
    part(file::ChunkKind::modules, modules_ + std::string(8, '\0'));
    part(file::ChunkKind::changes, changes_ + std::string(sizeof(file::Change), '\0'));
    part(file::ChunkKind::counters, counters + counters_);
    part(file::ChunkKind::mappings, mappings_);
    header_->file_bytes = sizeof(file::FileHeader) + parts_.size();
    return std::string(reinterpret_cast<const char*>(header_.get()), sizeof(file::FileHeader)) + parts_;
  }

 private:
  template <class Record>
  static void append(std::string& bytes, const Record& record) {
    bytes.append(reinterpret_cast<const char*>(&record), sizeof record);
  }
  static void append_change(std::string& bytes, const Told& told) {
    const file::Change change{.node = {told.node},
                              .slot = told.slot,
                              .allocated_count = told.allocated_count,
                              .allocated_bytes = told.allocated_bytes,
                              .freed_count = told.freed_count,
                              .freed_bytes = told.freed_bytes,
                              .temporary_count = told.temporary_count,
                              .allocated_variance = told.allocated_variance,
                              .freed_variance = told.freed_variance,
                              .samples = told.samples,
                              .reserved = 0};
    append(bytes, change);
  }
  void record(file::ModuleEvent event, std::uint32_t number, std::string_view name,
              std::string_view build_id) {
    file::ModuleRecord record{};
    const std::size_t bytes = (sizeof record + name.size() + 1 + 7) / 8 * 8;
    record.bytes = static_cast<std::uint32_t>(bytes);
    record.event = event;
    record.number = number;
    record.build_id_bytes = static_cast<std::uint32_t>(std::min(build_id.size(), sizeof record.build_id));
    build_id.copy(reinterpret_cast<char*>(record.build_id), record.build_id_bytes);
    const std::size_t begin = modules_.size();
    append(modules_, record);
    modules_ += name;
    modules_.resize(begin + bytes);
  }

  std::unique_ptr<file::FileHeader> header_ = std::make_unique<file::FileHeader>();
  std::string nodes_, modules_, changes_, counters_, mappings_, parts_;
};

// A folder for a test's files, gone with it.
class TestFolder {
 public:
  TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ullage-heap-XXXXXX").string();
    check(::mkdtemp(pattern.data()) != nullptr, "a test can make a folder");
    path_ = pattern;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  std::string path(std::string_view name) const { return path_ + "/" + std::string(name); }
  std::string write(std::string_view name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

 private:
  std::string path_;
};

}  // namespace ullage::heap
