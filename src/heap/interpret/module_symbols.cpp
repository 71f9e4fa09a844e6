// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/module_symbols.h"

#include <dwarf.h>
#include <elf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "heap/interpret/address_ranges.h"
#include "heap/interpret/debug_file.h"
#include "heap/interpret/demangle.h"
#include "heap/interpret/libdw.h"
#include "heap/interpret/unit_functions.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

constexpr std::uint64_t kUnitStepsMax = 4 << 20;

// Never asked: the file was given.
int find_no_elf(Dwfl_Module*, void**, const char*, Dwarf_Addr, char**, Elf**) { return -1; }

constexpr Dwfl_Callbacks callbacks() {
  Dwfl_Callbacks made{};
  made.find_elf = find_no_elf;
  made.find_debuginfo = find_debug_file;
  return made;
}

struct End {
  void operator()(Dwfl* dwfl) const { libdw().end(dwfl); }
};

struct Symbol {
  std::uint64_t begin, end;  // end == begin: it does not say how long it is
  const char* name;
  int rank;  // the lowest speaks for the address

  auto order() const { return std::tuple(begin, rank, std::string_view(name)); }
};

// Of several names for one function, the one that says most: with a size, global, without underscores.
int rank_of(const GElf_Sym& symbol, const char* name) {
  const unsigned binding = GELF_ST_BIND(symbol.st_info);
  int rank = symbol.st_size == 0 ? 16 : 0;
  if (GELF_ST_TYPE(symbol.st_info) == STT_NOTYPE) rank += 8;
  if (binding != STB_GLOBAL) rank += binding == STB_WEAK ? 2 : 4;
  if (name[0] == '_' && name[1] == '_') rank += 1;
  return rank;
}

}  // namespace

struct ModuleSymbols::Impl {
  Dwfl_Callbacks callbacks = heap::callbacks();
  std::string debug_folder;
  std::string debug_path;  // as libdw reads it
  char* debug_path_pointer = nullptr;
  std::unique_ptr<Dwfl, End> dwfl;
  Dwfl_Module* module = nullptr;
  Dwarf_Addr bias = 0;        // of libdw's addresses over the file's
  Dwarf_Addr dwarf_bias = 0;  // of libdw's addresses over those of the DWARF

  struct Unit {
    Dwarf_Die lines, tree;
    std::unique_ptr<UnitFunctions> functions;
  };
  std::vector<Unit> units;
  AddressRanges unit_ranges;
  std::vector<Symbol> symbols;
  bool is_indexed = false;

  Result<void> open(const std::string& path);
  Result<void> check_build_id(const std::string& wanted, const std::string& path) const;
  void index();
  void index_units();
  void index_symbols();
  const char* symbol_at(std::uint64_t address) const;
};

Result<void> ModuleSymbols::Impl::open(const std::string& path) {
  auto file = open_file(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file) return pass_on(file);
  debug_path = ":.debug:" + debug_folder;
  debug_path_pointer = debug_path.data();
  callbacks.debuginfo_path = &debug_path_pointer;
  callbacks.section_address = libdw().section_address;
  dwfl.reset(libdw().begin(&callbacks));
  if (dwfl == nullptr) return fail("libdw has no memory", path);
  libdw().report_begin(dwfl.get());
  module = libdw().report_offline(dwfl.get(), path.c_str(), path.c_str(), file->get());
  if (module != nullptr) (void)file->release();  // libdw closes it with the module
  libdw().report_end(dwfl.get(), nullptr, nullptr);
  if (module == nullptr || libdw().elf(module, &bias) == nullptr) return fail("not a program's file", path);
  return {};
}

Result<void> ModuleSymbols::Impl::check_build_id(const std::string& wanted, const std::string& path) const {
  if (wanted.empty()) return {};
  const unsigned char* bits = nullptr;
  GElf_Addr address = 0;
  const int count = libdw().build_id(module, &bits, &address);
  if (count > 0 &&
      wanted == std::string_view(reinterpret_cast<const char*>(bits), static_cast<unsigned>(count)))
    return {};
  return fail("the file is another one than the program had (by its build-id)", path);
}

void ModuleSymbols::Impl::index() {
  is_indexed = true;
  index_units();
  index_symbols();
}

void ModuleSymbols::Impl::index_units() {
  Dwarf* dwarf = libdw().dwarf(module, &dwarf_bias);
  if (dwarf == nullptr) return;
  Dwarf_CU* unit = nullptr;
  Dwarf_Half version = 0;
  std::uint8_t type = 0;
  Dwarf_Die die, split;
  std::uint64_t steps_left = kUnitStepsMax;
  while (steps_left != 0 && libdw().next_unit(dwarf, unit, &unit, &version, &type, &die, &split) == 0) {
    --steps_left;
    const auto number = static_cast<std::uint32_t>(units.size());
    if (type == DW_UT_type || type == DW_UT_partial || type == DW_UT_split_type) continue;
    if (!add_ranges(&die, number, unit_ranges, steps_left)) continue;
    const bool is_split = type == DW_UT_skeleton && split.addr != nullptr;
    units.push_back({.lines = die, .tree = is_split ? split : die, .functions = nullptr});
  }
  unit_ranges.seal();
}

void ModuleSymbols::Impl::index_symbols() {
  const int count = libdw().symbol_count(module);
  for (int i = 0; i < count; ++i) {
    GElf_Sym symbol;
    GElf_Addr address = 0;
    GElf_Word section = SHN_UNDEF;
    const char* name = libdw().symbol(module, i, &symbol, &address, &section, nullptr, nullptr);
    const unsigned type = GELF_ST_TYPE(symbol.st_info);
    const bool is_code = type == STT_FUNC || type == STT_GNU_IFUNC || type == STT_NOTYPE;
    if (name == nullptr || *name == '\0' || !is_code || section == SHN_UNDEF || section == SHN_ABS) continue;
    const std::uint64_t begin = address - bias;
    symbols.push_back({begin, begin + symbol.st_size, name, rank_of(symbol, name)});
  }
  std::ranges::sort(symbols, {}, &Symbol::order);
  const auto doubles = std::ranges::unique(symbols, {}, &Symbol::begin);
  symbols.erase(doubles.begin(), doubles.end());
}

// One without a size goes on to the next, and so does one that says too little: alignment behind it.
const char* ModuleSymbols::Impl::symbol_at(std::uint64_t address) const {
  const auto after = std::ranges::upper_bound(symbols, address, {}, &Symbol::begin);
  if (after == symbols.begin()) return nullptr;
  const Symbol& symbol = *(after - 1);
  const bool is_within = symbol.begin == symbol.end ? after != symbols.end() : address < symbol.end;
  return is_within ? symbol.name : nullptr;
}

ModuleSymbols::ModuleSymbols(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ModuleSymbols::ModuleSymbols(ModuleSymbols&&) noexcept = default;
ModuleSymbols& ModuleSymbols::operator=(ModuleSymbols&&) noexcept = default;
ModuleSymbols::~ModuleSymbols() = default;

Result<ModuleSymbols> ModuleSymbols::open(const std::string& path, const std::string& build_id,
                                          const std::string& debug_folder) {
  if (!libdw().problem.empty()) return fail(libdw().problem, path);
  auto impl = std::make_unique<Impl>();
  impl->debug_folder = debug_folder;
  if (auto opened = impl->open(path); !opened) return pass_on(opened);
  if (auto checked = impl->check_build_id(build_id, path); !checked) return pass_on(checked);
  void** userdata = nullptr;
  if (libdw().module_info(impl->module, &userdata, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr) ==
          nullptr ||
      userdata == nullptr)
    return fail("libdw does not know the file", path);
  *userdata = &impl->debug_folder;
  return ModuleSymbols(std::move(impl));
}

std::vector<Frame> ModuleSymbols::frames_at(std::uint64_t address) {
  if (!impl_->is_indexed) impl_->index();
  const char* found = impl_->symbol_at(address);
  const std::string symbol = found == nullptr ? "" : found;
  std::vector<Frame> frames;
  const std::uint64_t in_dwarf = address + impl_->bias - impl_->dwarf_bias;
  if (const auto number = impl_->unit_ranges.innermost(in_dwarf)) {
    Impl::Unit& unit = impl_->units[*number];
    if (unit.functions == nullptr) unit.functions = std::make_unique<UnitFunctions>(unit.lines, unit.tree);
    frames = unit.functions->frames_at(in_dwarf, symbol);
  }
  if (frames.empty() && !symbol.empty()) frames.emplace_back();
  if (!frames.empty() && frames.back().function.empty()) frames.back().function = demangle(symbol);
  std::erase_if(frames, [](const Frame& frame) { return frame.function.empty() && frame.is_inlined; });
  return frames;
}

}  // namespace ullage::heap
