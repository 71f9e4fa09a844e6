// SPDX-License-Identifier: Apache-2.0
// At the program's end, before its memory is gone: has a program of Ullage look from outside for blocks that
// nothing points to any more, where the profile's folder has one (FOLDER/scanner), and waits for it, but not
// for long.
#pragma once

namespace ullage::heap::track {

void scan_at_exit(const char* folder, const char* heap_file);

}  // namespace ullage::heap::track
