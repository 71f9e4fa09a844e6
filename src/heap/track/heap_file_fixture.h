// SPDX-License-Identifier: Apache-2.0
// A profiler's file in a folder of the test's own, and what stands in its chunks.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"

namespace ullage::heap::track {

// A LiveBlock without its atomics, which do not copy.
struct PlainBlock {
  std::uint64_t first, second;
};
static_assert(sizeof(PlainBlock) == sizeof(file::LiveBlock));

class HeapFileTest : public ::testing::Test {
 public:
  HeapFileTest() {
    char folder[] = "/tmp/ullage-heap-XXXXXX";
    folder_ = ::mkdtemp(folder);
  }
  ~HeapFileTest() override { std::filesystem::remove_all(folder_); }

 protected:
  void begin(HeapFile& file, std::uint64_t bytes_max = 1u << 30) {
    ASSERT_TRUE(file.make(folder_.c_str(), bytes_max));
    ASSERT_TRUE(file.begin());
  }

  // As a reader of the file sees them.
  static std::vector<PlainBlock> blocks_of(const HeapFile& file, std::uint32_t chunk) {
    const file::Chunk& place = file.header()->chunks[chunk];
    std::vector<PlainBlock> blocks(place.bytes / sizeof(PlainBlock));
    std::ifstream bytes(file.path(), std::ios::binary);
    bytes.seekg(static_cast<std::streamoff>(place.offset));
    bytes.read(reinterpret_cast<char*>(blocks.data()), static_cast<std::streamsize>(place.bytes));
    return blocks;
  }

  static std::vector<std::uint32_t> live_chunks(const HeapFile& file) {
    std::vector<std::uint32_t> chunks;
    for (const auto& chunk : file.header()->live_chunk)
      if (chunk != 0) chunks.push_back(chunk - 1);
    return chunks;
  }

  std::string folder_;
};

}  // namespace ullage::heap::track
