// SPDX-License-Identifier: Apache-2.0
// What makes a command's processes keep profiles of their heaps: the folder that they write to, and the
// environment that loads src/heap/track into them. A command that cannot be profiled runs all the same; why
// is told.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "session/run_options.h"

namespace ullage::session {

// Makes RUN.heap beside the run's file and sets what the profiler is told in the environment.
Result<void> prepare_heap_profile(const HeapOptions& options, const std::string& run_file,
                                  std::map<std::string, std::string>& environment);

// Why nothing can be recorded of a program, as far as its file tells: "it is statically linked". Empty:
// nothing is known against it. Of a script, what stands in the way of its interpreter.
std::string why_not_profiled(const std::string& program_path);
constexpr std::string_view kIs32Bit = "it is a 32-bit program";  // one of its answers

}  // namespace ullage::session
