// SPDX-License-Identifier: Apache-2.0
// /proc/PID/stat: one line of 52 fields (Linux Documentation/filesystems/proc.rst, table 1-4;
// proc_pid_stat(5)). Pure; reads nothing. The name stands in parentheses unescaped and may hold parentheses,
// blanks, newlines and bytes that are not UTF-8: it ends at the last ')'.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

namespace ullage::sense {

struct ProcStat {
  std::int64_t pid = 0;
  std::string_view name;  // into the text that was parsed
  char state = '?';
  std::int64_t parent_pid = 0;
  std::uint64_t minor_faults = 0, major_faults = 0;
  std::uint64_t user_ticks = 0, system_ticks = 0;
  std::uint64_t children_user_ticks = 0, children_system_ticks = 0;  // of those it has waited for, and theirs
  std::uint64_t threads = 0;
  std::int64_t start_ticks = 0;
  std::uint64_t resident_pages = 0;
  std::uint64_t start_code = 0;  // 0 or 1 where the reader may not know it
};

Result<ProcStat> parse_proc_stat(std::string_view text);

}  // namespace ullage::sense
