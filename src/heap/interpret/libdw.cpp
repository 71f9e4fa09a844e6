// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/libdw.h"

#include <dlfcn.h>

#include <string>

namespace ullage::heap {

namespace {

template <class Function>
void find(void* library, const char* name, Function& function, std::string& problem) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr && problem.empty()) problem = std::string("libdw has no ") + name;
}

Libdw open_libdw() {
  Libdw dw;
  void* library = ::dlopen("libdw.so.1", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    dw.problem = "there is no libdw here (libdw.so.1)";
    return dw;
  }
  find(library, "dwfl_begin", dw.begin, dw.problem);
  find(library, "dwfl_end", dw.end, dw.problem);
  find(library, "dwfl_report_begin", dw.report_begin, dw.problem);
  find(library, "dwfl_report_offline", dw.report_offline, dw.problem);
  find(library, "dwfl_report_end", dw.report_end, dw.problem);
  find(library, "dwfl_offline_section_address", dw.section_address, dw.problem);
  find(library, "dwfl_build_id_find_debuginfo", dw.find_by_build_id, dw.problem);
  find(library, "dwfl_module_info", dw.module_info, dw.problem);
  find(library, "dwfl_module_build_id", dw.build_id, dw.problem);
  find(library, "dwfl_module_getelf", dw.elf, dw.problem);
  find(library, "dwfl_module_getdwarf", dw.dwarf, dw.problem);
  find(library, "dwfl_module_getsymtab", dw.symbol_count, dw.problem);
  find(library, "dwfl_module_getsym_info", dw.symbol, dw.problem);
  find(library, "dwarf_get_units", dw.next_unit, dw.problem);
  find(library, "dwarf_ranges", dw.ranges, dw.problem);
  find(library, "dwarf_child", dw.child, dw.problem);
  find(library, "dwarf_siblingof", dw.sibling, dw.problem);
  find(library, "dwarf_tag", dw.tag, dw.problem);
  find(library, "dwarf_attr", dw.attribute, dw.problem);
  find(library, "dwarf_attr_integrate", dw.inherited_attribute, dw.problem);
  find(library, "dwarf_formref_die", dw.referred, dw.problem);
  find(library, "dwarf_dieoffset", dw.offset_of, dw.problem);
  find(library, "dwarf_formstring", dw.string, dw.problem);
  find(library, "dwarf_formudata", dw.number, dw.problem);
  find(library, "dwarf_getsrc_die", dw.line_at, dw.problem);
  find(library, "dwarf_lineno", dw.line_number, dw.problem);
  find(library, "dwarf_linesrc", dw.line_file, dw.problem);
  find(library, "dwarf_getsrcfiles", dw.files, dw.problem);
  find(library, "dwarf_filesrc", dw.file, dw.problem);
  return dw;
}

}  // namespace

const Libdw& libdw() {
  static const Libdw dw = open_libdw();
  return dw;
}

}  // namespace ullage::heap
