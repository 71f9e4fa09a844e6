// SPDX-License-Identifier: Apache-2.0
// One run of a program that prints metrics: bounded in time, in memory and in what it may print, alone in its
// process group, and gone with all that it started when it returns. Blocks; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/clock.h"
#include "base/os_root.h"
#include "base/result.h"

namespace ullage::sense {

struct ProgramLimits {
  std::chrono::milliseconds timeout{10'000};
  std::uint64_t resident_bytes = 256u << 20;  // of it and all that it started
  std::size_t output_bytes = 1u << 20;
  bool operator==(const ProgramLimits&) const = default;
};

// What it wrote to standard output. An error when it could not be started, ended in any way but with 0, or
// went beyond a limit; with the last line that it wrote to standard error.
Result<std::string> run_program(const OsRoot& root, const std::string& path, const ProgramLimits& limits,
                                const Clock& clock, const std::stop_token& stop);

}  // namespace ullage::sense
