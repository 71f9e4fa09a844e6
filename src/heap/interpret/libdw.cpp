// SPDX-License-Identifier: Apache-2.0
#include "heap/interpret/libdw.h"

#include "base/shared_library.h"

namespace ullage::heap {

namespace {

Libdw open_libdw() {
  Libdw dw;
  SharedLibrary library("libdw", {"libdw.so.1"});
  library.find("dwfl_begin", dw.begin);
  library.find("dwfl_end", dw.end);
  library.find("dwfl_report_begin", dw.report_begin);
  library.find("dwfl_report_offline", dw.report_offline);
  library.find("dwfl_report_end", dw.report_end);
  library.find("dwfl_offline_section_address", dw.section_address);
  library.find("dwfl_build_id_find_debuginfo", dw.find_by_build_id);
  library.find("dwfl_module_info", dw.module_info);
  library.find("dwfl_module_build_id", dw.build_id);
  library.find("dwfl_module_getelf", dw.elf);
  library.find("dwfl_module_getdwarf", dw.dwarf);
  library.find("dwfl_module_getsymtab", dw.symbol_count);
  library.find("dwfl_module_getsym_info", dw.symbol);
  library.find("dwarf_get_units", dw.next_unit);
  library.find("dwarf_ranges", dw.ranges);
  library.find("dwarf_child", dw.child);
  library.find("dwarf_siblingof", dw.sibling);
  library.find("dwarf_tag", dw.tag);
  library.find("dwarf_attr", dw.attribute);
  library.find("dwarf_attr_integrate", dw.inherited_attribute);
  library.find("dwarf_formref_die", dw.referred);
  library.find("dwarf_dieoffset", dw.offset_of);
  library.find("dwarf_formstring", dw.string);
  library.find("dwarf_formudata", dw.number);
  library.find("dwarf_getsrc_die", dw.line_at);
  library.find("dwarf_lineno", dw.line_number);
  library.find("dwarf_linesrc", dw.line_file);
  library.find("dwarf_getsrcfiles", dw.files);
  library.find("dwarf_filesrc", dw.file);
  dw.problem = library.problem();
  return dw;
}

}  // namespace

const Libdw& libdw() {
  static const Libdw dw = open_libdw();
  return dw;
}

}  // namespace ullage::heap
