// SPDX-License-Identifier: Apache-2.0
// The functions of one unit of DWARF, walked once: which of them holds an address, and what was inlined
// where. libdw's own search walks the unit's tree for each address. What is broken ends the walk early; its
// steps are bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "heap/interpret/address_ranges.h"
#include "heap/interpret/libdw.h"
#include "heap/profile.h"

namespace ullage::heap {

class UnitFunctions {
 public:
  // `lines` is the unit that has the list of source files, `tree` that with the functions: two of them with
  // split DWARF, else the same.
  UnitFunctions(Dwarf_Die lines, Dwarf_Die tree);
  // Innermost first, without their module; a name may be empty. `symbol` is the linker's name of
  // the function at the address, or empty: for those of C++ that have no such name in DWARF.
  std::vector<Frame> frames_at(std::uint64_t address, const std::string& symbol);

 private:
  struct Function {
    Dwarf_Die die;
    std::uint32_t around;  // the function that it stands in
    bool is_inlined;
    bool is_named = false;
    std::string name = {};
  };
  static constexpr std::uint32_t kNone = UINT32_MAX;

  void walk(Dwarf_Die* parent, std::uint32_t around, unsigned depth);
  std::uint32_t add(Dwarf_Die* die, std::uint32_t around, bool is_inlined);
  const std::string& name_of(Function& function, const std::string& symbol);
  // With the namespaces and classes around it, for what has no name of the linker's: what can only be called
  // from its unit, and what is made of such.
  std::string qualified_name(Dwarf_Die function, const char* name);
  void find_scopes(Dwarf_Die* parent, std::uint32_t scope, unsigned depth);
  void place_of_call(Function& inlined, Frame& caller);

  struct Scope {
    const char* name;  // null: a namespace without one
    std::uint32_t around;
  };
  Dwarf_Die lines_, tree_;
  std::vector<Function> functions_;
  AddressRanges ranges_;
  std::vector<Scope> scopes_;
  std::unordered_map<std::uint64_t, std::uint32_t> scoped_;  // functions' DIEs, by offset; filled when asked
  bool has_scopes_ = false;
  std::uint64_t steps_left_;
};

// Adds the ranges of a DIE to others; false where it has none. Ranges at 0 are of code that the linker left
// out. Each costs a step.
bool add_ranges(Dwarf_Die* die, std::uint32_t number, AddressRanges& ranges, std::uint64_t& steps_left);

}  // namespace ullage::heap
