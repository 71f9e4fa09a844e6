// SPDX-License-Identifier: Apache-2.0
// /proc/PID/status (Linux Documentation/filesystems/proc.rst, table 1-2): the split of resident memory, its
// high-water mark, and context switches, which are those of the one thread whose file it is. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "sense/sample.h"

namespace ullage::sense {

struct ProcStatus {
  OptionalBytes resident_bytes;       // VmRSS
  OptionalBytes resident_peak_bytes;  // VmHWM
  OptionalBytes data_bytes;           // VmData
  OptionalBytes anonymous_bytes, file_bytes, shared_bytes, swap_bytes;
  OptionalCount voluntary_switches, involuntary_switches;
  std::optional<std::uint32_t> user_id;  // the effective one
};

ProcStatus parse_proc_status(std::string_view text);

}  // namespace ullage::sense
