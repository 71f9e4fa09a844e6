// SPDX-License-Identifier: Apache-2.0
// One ELF file, opened once, and the names it has for its addresses: DWARF of its own or in a separate file,
// else its symbols, those in .gnu_debugdata among them. What is broken in it gives fewer names.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "heap/profile.h"

namespace ullage::heap {

class ModuleSymbols {
 public:
  // Refuses a file that has another build-id than this one (bytes), unless it is empty.
  static Result<ModuleSymbols> open(const std::string& path, const std::string& build_id,
                                    const std::string& debug_folder);
  // Innermost first, without their module; empty where nothing is known. The outermost may have a line and no
  // name.
  std::vector<Frame> frames_at(std::uint64_t address);

  ModuleSymbols(ModuleSymbols&&) noexcept;
  ModuleSymbols& operator=(ModuleSymbols&&) noexcept;
  ~ModuleSymbols();

 private:
  struct Impl;
  explicit ModuleSymbols(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ullage::heap
