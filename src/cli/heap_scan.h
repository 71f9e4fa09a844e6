// SPDX-License-Identifier: Apache-2.0
// `ullage heap scan PID FILE`: what the profiler starts at the end of a process, in nobody's help: looks at
// it from outside for blocks that nothing points to any more.
#pragma once

#include "cli/verb.h"

namespace ullage::cli {

Verb add_heap_scan(Command heap, Console& console);

}  // namespace ullage::cli
