// SPDX-License-Identifier: Apache-2.0
// Where the names of a stripped file lie: by its build-id, or by the name and checksum that it gives of them
// (.gnu_debuglink), as gdb's manual says ("Debugging Information in Separate Files"). libdw's own search
// would also ask a server in the network where DEBUGINFOD_URLS is set; a report must not wait for one.
#pragma once

#include <elfutils/libdwfl.h>

#include <string>

namespace ullage::heap {

// What Dwfl_Callbacks::find_debuginfo points to. `*userdata`, of the module, is a std::string*: the folder of
// separate files (/usr/lib/debug).
int find_debug_file(Dwfl_Module* module, void** userdata, const char* name, Dwarf_Addr base,
                    const char* file_path, const char* link_name, GElf_Word link_checksum, char** found_path);

}  // namespace ullage::heap
