// SPDX-License-Identifier: Apache-2.0
// The program's files in memory: found at the first place seen in one, numbered, and written down with
// build-id and where they lay, so that places can be named after the program is gone. A file that is unloaded
// keeps its number.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/os.h"

struct dl_find_object;  // NOLINT(readability-identifier-naming): libc's

namespace ullage::heap::track {

class Modules {
 public:
  // From now on what is known and what comes is written into this file.
  void write_to(HeapFile& file);

  struct Place {
    file::PackedFrame frame = 0;
    const unsigned char* eh_frame_header = nullptr;
  };
  // Of an address in code; a frame of module 0 where no file is known.
  Place find(std::uintptr_t address);
  // After something was unloaded: true if a known module is gone, so that what was remembered of its places
  // is void.
  bool forget_unloaded();

  // The lock may have been held by a thread that is not in the child.
  void after_fork() { lock_.unlock(); }

  // The number of a thread's name; the last one stands for all that there was no room for.
  std::uint32_t number_of_thread(const char* name);

 private:
  struct Module {
    std::uintptr_t begin, end;
    std::uint64_t load_bias;
    const void* link_map;
    bool is_loaded;
    std::uint8_t build_id_bytes;
    std::uint8_t build_id[32];
    char path[512];
  };
  struct ThreadName {
    char text[16] = {};
  };
  Module* add(const ::dl_find_object& object);
  void write(std::uint32_t number, const Module& module);
  void write(std::uint32_t number, const ThreadName& name);
  void put(const file::ModuleRecord& record, const char* name);

  static constexpr std::uint32_t kModulesMax = 4096, kThreadNamesMax = 256;
  SpinLock lock_;
  HeapFile* file_ = nullptr;
  Module* modules_ = nullptr;  // mapped once, touched as far as used
  std::uint32_t module_count_ = 0;
  ThreadName names_[kThreadNamesMax];
  std::uint32_t name_count_ = 0;
  char* room_ = nullptr;  // of the file's last chunk of records
  std::size_t room_bytes_ = 0;
};

}  // namespace ullage::heap::track
