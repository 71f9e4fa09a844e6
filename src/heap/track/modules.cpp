// SPDX-License-Identifier: Apache-2.0
#include "heap/track/modules.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/os.h"
#include "heap/track/text.h"

// Since glibc 2.35: takes no lock, so that it may be asked while another thread is in dlopen.
extern "C" __attribute__((weak)) int _dl_find_object(void*, struct dl_find_object*) noexcept;

namespace ullage::heap::track {

namespace {

constexpr std::size_t kRecordsBytes = 16 << 10;

using ElfHeader = ElfW(Ehdr);
using ProgramHeader = ElfW(Phdr);
using NoteHeader = ElfW(Nhdr);

// Out of the notes that are mapped with the module. 0: it has none.
std::uint8_t find_build_id(std::uintptr_t begin, std::uint64_t load_bias, std::uint8_t (&into)[32]) {
  const auto* elf = reinterpret_cast<const ElfHeader*>(begin);
  if (std::memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0) return 0;
  const auto* headers = reinterpret_cast<const ProgramHeader*>(begin + elf->e_phoff);
  for (unsigned i = 0; i < elf->e_phnum; ++i) {
    if (headers[i].p_type != PT_NOTE) continue;
    std::uintptr_t at = load_bias + headers[i].p_vaddr;
    const std::uintptr_t end = at + headers[i].p_memsz;
    while (at + sizeof(NoteHeader) <= end) {
      const auto* note = reinterpret_cast<const NoteHeader*>(at);
      const std::uintptr_t name = at + sizeof *note;
      const std::uintptr_t content = name + ((note->n_namesz + 3u) & ~3u);
      if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 &&
          std::memcmp(reinterpret_cast<const char*>(name), "GNU", 4) == 0 && note->n_descsz <= sizeof into) {
        std::memcpy(into, reinterpret_cast<const void*>(content), note->n_descsz);
        return static_cast<std::uint8_t>(note->n_descsz);
      }
      at = content + ((note->n_descsz + 3u) & ~3u);
    }
  }
  return 0;
}

// The program's own name is empty there; others may be relative to where the program was started.
void find_path(const char* name, char (&into)[kProgramPathBytes]) {
  if (name == nullptr || name[0] == '\0') {
    std::memcpy(into, program_path(), sizeof into);
    return;
  }
  Text<sizeof into> path;
  char folder[256] = {};
  const bool is_relative = name[0] != '/' && std::strchr(name, '/') != nullptr;
  if (is_relative && kernel_call(SYS_getcwd, reinterpret_cast<long>(folder), sizeof folder) > 0)
    path.add(folder).add("/");
  path.add(name);
  std::memcpy(into, path.c_str(), sizeof into);
}

}  // namespace

void Modules::write_to(HeapFile& file) {
  const Locked locked(lock_);
  file_ = &file;
  room_ = nullptr;
  room_bytes_ = 0;
  for (std::uint32_t i = 0; i < module_count_; ++i)
    if (modules_[i].is_loaded) write(i + 1, modules_[i]);
  for (std::uint32_t i = 0; i < name_count_; ++i) write(i, names_[i]);
}

Modules::Place Modules::find(std::uintptr_t address) {
  const Place unknown{address & file::kOffsetMask, nullptr};
  ::dl_find_object object;
  if (_dl_find_object == nullptr || _dl_find_object(reinterpret_cast<void*>(address), &object) != 0)
    return unknown;
  const auto begin = reinterpret_cast<std::uintptr_t>(object.dlfo_map_start);
  const Locked locked(lock_);
  Module* module = nullptr;
  for (std::uint32_t i = 0; i < module_count_ && module == nullptr; ++i)
    if (modules_[i].begin == begin && modules_[i].is_loaded) module = &modules_[i];
  if (module == nullptr) module = add(object);
  if (module == nullptr) return unknown;
  const auto number = static_cast<std::uint64_t>(module - modules_) + 1;
  return {number << file::kModuleShift | ((address - module->load_bias) & file::kOffsetMask),
          static_cast<const unsigned char*>(object.dlfo_eh_frame)};
}

Modules::Module* Modules::add(const ::dl_find_object& object) {
  if (modules_ == nullptr) modules_ = static_cast<Module*>(map_memory(kModulesMax * sizeof(Module)));
  if (modules_ == nullptr || module_count_ == kModulesMax) return nullptr;
  Module& module = modules_[module_count_];
  module.begin = reinterpret_cast<std::uintptr_t>(object.dlfo_map_start);
  module.end = reinterpret_cast<std::uintptr_t>(object.dlfo_map_end);
  module.link_map = object.dlfo_link_map;
  module.load_bias = object.dlfo_link_map == nullptr ? module.begin : object.dlfo_link_map->l_addr;
  module.is_loaded = true;
  module.build_id_bytes = find_build_id(module.begin, module.load_bias, module.build_id);
  find_path(object.dlfo_link_map == nullptr ? "[vdso]" : object.dlfo_link_map->l_name, module.path);
  ++module_count_;
  write(module_count_, module);
  return &module;
}

bool Modules::forget_unloaded() {
  const Locked locked(lock_);
  bool is_any_gone = false;
  for (std::uint32_t i = 0; i < module_count_; ++i) {
    if (!modules_[i].is_loaded) continue;
    ::dl_find_object object;
    if (_dl_find_object(reinterpret_cast<void*>(modules_[i].begin), &object) == 0 &&
        reinterpret_cast<std::uintptr_t>(object.dlfo_map_start) == modules_[i].begin &&
        object.dlfo_link_map == modules_[i].link_map)
      continue;
    modules_[i].is_loaded = false;
    is_any_gone = true;
  }
  return is_any_gone;
}

std::uint32_t Modules::number_of_thread(const char* name) {
  const Locked locked(lock_);
  for (std::uint32_t i = 0; i < name_count_; ++i)
    if (std::strncmp(names_[i].text, name, sizeof names_[i].text) == 0) return i;
  if (name_count_ == kThreadNamesMax) return kThreadNamesMax - 1;
  ThreadName& added = names_[name_count_];
  Text<sizeof added.text> text;
  text.add(name_count_ + 1 < kThreadNamesMax ? name : "(other threads)");
  std::memcpy(added.text, text.c_str(), sizeof added.text);
  write(name_count_, added);
  return name_count_++;
}

void Modules::write(std::uint32_t number, const Module& module) {
  file::ModuleRecord record{};
  record.event = file::ModuleEvent::module;
  record.number = number;
  record.build_id_bytes = module.build_id_bytes;
  record.load_bias = module.load_bias;
  record.begin = module.begin;
  record.end = module.end;
  record.monotonic_ns = clock_ns(CLOCK_MONOTONIC);
  std::memcpy(record.build_id, module.build_id, sizeof record.build_id);
  put(record, module.path);
}

void Modules::write(std::uint32_t number, const ThreadName& name) {
  file::ModuleRecord record{};
  record.event = file::ModuleEvent::thread_name;
  record.number = number;
  put(record, name.text);
}

void Modules::put(const file::ModuleRecord& record, const char* name) {
  if (file_ == nullptr || !file_->is_open()) return;
  const std::size_t name_bytes = std::strlen(name) + 1;
  const std::size_t bytes = (sizeof record + name_bytes + 7) / 8 * 8;
  if (room_bytes_ < bytes) {
    const HeapFile::Piece piece = file_->add(file::ChunkKind::modules, 0, kRecordsBytes);
    if (piece.memory == nullptr) return;
    room_ = static_cast<char*>(piece.memory);
    room_bytes_ = kRecordsBytes;
  }
  auto* to = reinterpret_cast<file::ModuleRecord*>(room_);
  constexpr std::size_t kFirst = sizeof to->bytes;  // which is written when all else is there
  std::memcpy(room_ + kFirst, reinterpret_cast<const char*>(&record) + kFirst, sizeof record - kFirst);
  std::memcpy(room_ + sizeof record, name, name_bytes);
  to->bytes.store(static_cast<std::uint32_t>(bytes), std::memory_order_release);
  room_ += bytes;
  room_bytes_ -= bytes;
}

}  // namespace ullage::heap::track
