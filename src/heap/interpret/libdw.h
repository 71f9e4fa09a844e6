// SPDX-License-Identifier: Apache-2.0
// What we use of elfutils' libdw, by name out of the library: it is opened when a profile is first given its
// names (docs/decisions/0004). One thread at a time.
#pragma once

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include <string>

namespace ullage::heap {

struct Libdw {
  decltype(&::dwfl_begin) begin = nullptr;
  decltype(&::dwfl_end) end = nullptr;
  decltype(&::dwfl_report_begin) report_begin = nullptr;
  decltype(&::dwfl_report_offline) report_offline = nullptr;
  decltype(&::dwfl_report_end) report_end = nullptr;
  decltype(&::dwfl_offline_section_address) section_address = nullptr;
  decltype(&::dwfl_build_id_find_debuginfo) find_by_build_id = nullptr;
  decltype(&::dwfl_module_info) module_info = nullptr;
  decltype(&::dwfl_module_build_id) build_id = nullptr;
  decltype(&::dwfl_module_getelf) elf = nullptr;
  decltype(&::dwfl_module_getdwarf) dwarf = nullptr;
  decltype(&::dwfl_module_getsymtab) symbol_count = nullptr;
  decltype(&::dwfl_module_getsym_info) symbol = nullptr;
  decltype(&::dwarf_get_units) next_unit = nullptr;
  decltype(&::dwarf_ranges) ranges = nullptr;
  decltype(&::dwarf_child) child = nullptr;
  decltype(&::dwarf_siblingof) sibling = nullptr;
  decltype(&::dwarf_tag) tag = nullptr;
  decltype(&::dwarf_attr) attribute = nullptr;
  decltype(&::dwarf_attr_integrate) inherited_attribute = nullptr;
  decltype(&::dwarf_formref_die) referred = nullptr;
  decltype(&::dwarf_dieoffset) offset_of = nullptr;
  decltype(&::dwarf_formstring) string = nullptr;
  decltype(&::dwarf_formudata) number = nullptr;
  decltype(&::dwarf_getsrc_die) line_at = nullptr;
  decltype(&::dwarf_lineno) line_number = nullptr;
  decltype(&::dwarf_linesrc) line_file = nullptr;
  decltype(&::dwarf_getsrcfiles) files = nullptr;
  decltype(&::dwarf_filesrc) file = nullptr;
  std::string problem;  // why there is none
};

const Libdw& libdw();

}  // namespace ullage::heap
