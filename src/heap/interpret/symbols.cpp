// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/symbols.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heap/interpret/heap_file.h"
#include "heap/interpret/module_symbols.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

std::string_view base_name(std::string_view path) {
  return path.substr(path.rfind('/') == path.npos ? 0 : path.rfind('/') + 1);
}

}  // namespace

Symbols::Symbols(std::string debug_folder) : debug_folder_(std::move(debug_folder)) {}

Symbols::Opened& Symbols::open(const ModuleFile& module) {
  const auto [at, is_new] = modules_.try_emplace(module);
  if (!is_new || module.path.empty() || module.path.front() == '[') return at->second;  // [vdso] has no file
  auto symbols = ModuleSymbols::open(module.path, module.build_id, debug_folder_);
  if (symbols)
    at->second.symbols.emplace(std::move(*symbols));
  else
    at->second.problem = symbols.error().text();
  return at->second;
}

std::vector<Frame> Symbols::frames_of_call(const ModuleFile& module, std::uint64_t offset) {
  const std::uint64_t call = offset == 0 ? 0 : offset - 1;
  Opened& opened = open(module);
  std::vector<Frame> frames;
  if (opened.symbols) frames = opened.symbols->frames_at(call);
  if (frames.empty()) frames.emplace_back();
  if (frames.back().function.empty())
    frames.back().function = fmt::format("{}+{:#x}", base_name(module.path), call);
  for (Frame& frame : frames) frame.module = base_name(module.path);
  return frames;
}

std::string Symbols::problem_of(const ModuleFile& module) const {
  const auto at = modules_.find(module);
  return at == modules_.end() ? "" : at->second.problem;
}

}  // namespace ullage::heap
