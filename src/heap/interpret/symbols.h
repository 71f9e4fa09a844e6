// SPDX-License-Identifier: Apache-2.0
// Names for places in programs: functions, source files and lines, with what was inlined spelt out. Each file
// is opened once, when first asked about; what cannot be named stands as "module+0x1a2b". Symbols of code
// that was mapped from a file which is gone or another one since are not guessed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "heap/interpret/heap_file.h"
#include "heap/interpret/module_symbols.h"
#include "heap/profile.h"

namespace ullage::heap {

class Symbols {
 public:
  explicit Symbols(std::string debug_folder = "/usr/lib/debug");

  // Of a return address, as an offset in the file's own addresses; the call is just before it. Innermost
  // first, one frame at least.
  std::vector<Frame> frames_of_call(const ModuleFile& module, std::uint64_t offset);
  // Why a module's places have no names, if it was asked about and cannot be opened.
  std::string problem_of(const ModuleFile& module) const;

 private:
  struct Opened {
    std::optional<ModuleSymbols> symbols;
    std::string problem;
  };
  Opened& open(const ModuleFile& module);

  std::string debug_folder_;
  std::map<ModuleFile, Opened> modules_;
};

}  // namespace ullage::heap
