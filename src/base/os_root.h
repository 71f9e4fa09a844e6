// SPDX-License-Identifier: Apache-2.0
// Where the kernel's files are. Every reader of /proc, /sys and cgroup mounts takes an OsRoot, so that a
// folder tree which looks like a machine is a fixture, and a user's snapshot of one is a bug report.
#pragma once

#include <string>
#include <string_view>

namespace ullage {

struct OsRoot {
  std::string prefix = {};  // "" on a live machine, the fixture's folder in a test
  long page_size_bytes = 4096;
  long ticks_per_second = 100;  // unit of the times in /proc/PID/stat (sysconf _SC_CLK_TCK)

  static OsRoot live();  // this machine's
  bool is_live() const { return prefix.empty(); }
  std::string path(std::string_view absolute) const { return prefix + std::string(absolute); }
};

}  // namespace ullage
