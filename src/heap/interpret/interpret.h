// SPDX-License-Identifier: Apache-2.0
// The profiler's file, and names, made a Profile: addresses of one function become one frame where their
// lines are the same, stacks a tree of such frames, and what was told of each node is told of a site. Beside
// PID.heap a file PID.lost may name blocks that nothing points to any more: one hexadecimal address a line.
#pragma once

#include <string>

#include "base/result.h"
#include "heap/interpret/heap_file.h"
#include "heap/interpret/symbols.h"
#include "heap/profile.h"

namespace ullage::heap {

// `path` ends in ".heap".
Result<Profile> interpret(const std::string& path, Symbols& symbols);

Profile to_profile(RawProfile raw, Symbols& symbols);

}  // namespace ullage::heap
