// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/unit_functions.h"

#include <dwarf.h>
#include <elfutils/libdw.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "heap/interpret/address_ranges.h"
#include "heap/interpret/demangle.h"
#include "heap/interpret/libdw.h"
#include "heap/profile.h"

namespace ullage::heap {

namespace {

constexpr std::uint64_t kStepsMax = 16 << 20;  // of one unit: the largest known have a million DIEs
constexpr unsigned kDepthMax = 128;
constexpr int kHopsMax = 8;  // from what is made to what is told of it

const char* text_of(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute found;
  if (libdw().inherited_attribute(die, attribute, &found) == nullptr) return nullptr;
  return libdw().string(&found);
}

std::uint32_t number_of(Dwarf_Die* die, unsigned attribute) {
  Dwarf_Attribute found;
  Dwarf_Word value = 0;
  if (libdw().attribute(die, attribute, &found) == nullptr || libdw().number(&found, &value) != 0) return 0;
  return static_cast<std::uint32_t>(value);
}

// Whether a DIE of this kind can have functions within it.
bool holds_functions(int tag) {
  switch (tag) {
    case DW_TAG_lexical_block:
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
    case DW_TAG_try_block:
    case DW_TAG_catch_block:
      return true;
    default:
      return false;
  }
}

bool is_a_scope(int tag) {
  return tag == DW_TAG_namespace || tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
         tag == DW_TAG_union_type;
}

}  // namespace

bool add_ranges(Dwarf_Die* die, std::uint32_t number, AddressRanges& ranges, std::uint64_t& steps_left) {
  bool has_any = false;
  Dwarf_Addr base = 0, begin = 0, end = 0;
  for (std::ptrdiff_t offset = 0; steps_left != 0; --steps_left) {
    offset = libdw().ranges(die, offset, &base, &begin, &end);
    if (offset <= 0) break;
    if (begin == 0) continue;
    ranges.add(begin, end, number);
    has_any = true;
  }
  return has_any;
}

UnitFunctions::UnitFunctions(Dwarf_Die lines, Dwarf_Die tree)
    : lines_(lines), tree_(tree), steps_left_(kStepsMax) {
  walk(&tree, kNone, 0);
  ranges_.seal();
}

void UnitFunctions::walk(Dwarf_Die* parent, std::uint32_t around, unsigned depth) {
  Dwarf_Die child;
  if (depth > kDepthMax || libdw().child(parent, &child) != 0) return;
  do {
    if (steps_left_ == 0) return;
    --steps_left_;
    const int tag = libdw().tag(&child);
    std::uint32_t inside = around;
    if (tag == DW_TAG_subprogram || tag == DW_TAG_inlined_subroutine) {
      inside = add(&child, around, tag == DW_TAG_inlined_subroutine);
      if (inside == kNone) continue;  // a declaration, or what is only ever inlined
    } else if (!holds_functions(tag)) {
      continue;
    }
    walk(&child, inside, depth + 1);
  } while (libdw().sibling(&child, &child) == 0);
}

std::uint32_t UnitFunctions::add(Dwarf_Die* die, std::uint32_t around, bool is_inlined) {
  const auto number = static_cast<std::uint32_t>(functions_.size());
  if (!add_ranges(die, number, ranges_, steps_left_)) return kNone;
  functions_.push_back({.die = *die, .around = around, .is_inlined = is_inlined});
  return number;
}

const std::string& UnitFunctions::name_of(Function& function, const std::string& symbol) {
  if (std::exchange(function.is_named, true)) return function.name;
  const char* name = text_of(&function.die, DW_AT_linkage_name);
  if (name == nullptr) name = text_of(&function.die, DW_AT_MIPS_linkage_name);
  if (name == nullptr && !function.is_inlined && is_mangled(symbol)) name = symbol.c_str();
  // Rust's newer ones (RFC 2603) say nothing that the scopes do not say in plain words.
  if (name != nullptr && std::string_view(name).starts_with("_R")) name = nullptr;
  if (name != nullptr)
    function.name = demangle(name);
  else if (name = text_of(&function.die, DW_AT_name); name != nullptr)
    function.name = qualified_name(function.die, name);
  return function.name;
}

std::string UnitFunctions::qualified_name(Dwarf_Die function, const char* name) {
  if (!std::exchange(has_scopes_, true)) {
    steps_left_ = kStepsMax;
    find_scopes(&tree_, kNone, 0);
  }
  // A class's member is told of within it, and made elsewhere.
  for (int hops = 0; hops < kHopsMax; ++hops) {
    Dwarf_Attribute reference;
    if (libdw().attribute(&function, DW_AT_abstract_origin, &reference) == nullptr &&
        libdw().attribute(&function, DW_AT_specification, &reference) == nullptr)
      break;
    Dwarf_Die origin;
    if (libdw().referred(&reference, &origin) == nullptr) break;
    function = origin;
  }
  const std::uint64_t offset = libdw().offset_of(&function);
  std::string text(name);
  const auto found = scoped_.find(offset);
  if (found == scoped_.end()) return demangle(text);
  std::size_t depth = 0;
  for (std::uint32_t scope = found->second; scope != kNone && depth++ < kDepthMax;
       scope = scopes_[scope].around)
    text = (scopes_[scope].name == nullptr ? "(anonymous namespace)" : std::string(scopes_[scope].name)) +
           "::" + text;
  return demangle(text);
}

void UnitFunctions::find_scopes(Dwarf_Die* parent, std::uint32_t scope, unsigned depth) {
  Dwarf_Die child;
  if (depth > kDepthMax || libdw().child(parent, &child) != 0) return;
  do {
    if (steps_left_ == 0) return;
    --steps_left_;
    const int tag = libdw().tag(&child);
    const bool is_function = tag == DW_TAG_subprogram;
    if (!is_function && !holds_functions(tag)) continue;
    if (is_function && scope != kNone) scoped_.emplace(libdw().offset_of(&child), scope);
    std::uint32_t inside = scope;
    const char* name = text_of(&child, DW_AT_name);
    if (is_a_scope(tag) || (is_function && name != nullptr)) {
      inside = static_cast<std::uint32_t>(scopes_.size());
      scopes_.push_back({name == nullptr && tag != DW_TAG_namespace ? "(unnamed)" : name, scope});
    }
    find_scopes(&child, inside, depth + 1);
  } while (libdw().sibling(&child, &child) == 0);
}

void UnitFunctions::place_of_call(Function& inlined, Frame& caller) {
  caller.line = number_of(&inlined.die, DW_AT_call_line);
  const std::uint32_t file = number_of(&inlined.die, DW_AT_call_file);
  Dwarf_Files* files = nullptr;
  std::size_t count = 0;
  if (libdw().files(&lines_, &files, &count) != 0 || file >= count) return;
  const char* name = libdw().file(files, file, nullptr, nullptr);
  if (name != nullptr) caller.file = name;
}

std::vector<Frame> UnitFunctions::frames_at(std::uint64_t address, const std::string& symbol) {
  std::vector<Frame> frames;
  Frame frame;
  if (Dwarf_Line* line = libdw().line_at(&lines_, address); line != nullptr) {
    int number = 0;
    if (libdw().line_number(line, &number) == 0 && number > 0)
      frame.line = static_cast<std::uint32_t>(number);
    if (const char* name = libdw().line_file(line, nullptr, nullptr); name != nullptr) frame.file = name;
  }
  // With -g1 clang tells only of functions with something inlined into them; of the rest the line is known.
  const auto found = ranges_.innermost(address);
  if (!found && frame.line != 0) frames.push_back(frame);
  if (!found) return frames;
  // A function stands after what is around it: the numbers go down.
  for (std::uint32_t at = *found; at != kNone; at = functions_[at].around) {
    Function& function = functions_[at];
    frame.function = name_of(function, symbol);
    frame.is_inlined = function.is_inlined;
    frames.push_back(std::move(frame));
    if (!function.is_inlined) break;
    frame = {};
    place_of_call(function, frame);
  }
  return frames;
}

}  // namespace ullage::heap
