// SPDX-License-Identifier: Apache-2.0
// What OOM killers leave behind: the kernel's log (/dev/kmsg), the mark that systemd-oomd sets on a cgroup it
// killed (user.oomd_kill), and the log lines of earlyoom, in a syslog file or systemd's journal. What cannot
// be read is no evidence, and no error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/os_root.h"

namespace ullage::sense {

struct OomVictim {
  std::int64_t pid = 0;
  std::string name;
};

struct OomTraces {
  bool kernel_log_is_readable = false;
  std::vector<OomVictim> kernel_victims;
  std::vector<OomVictim> earlyoom_victims;  // from its newest log lines, of whatever day
  bool systemd_oomd_killed_cgroup = false;
};

// cgroup_folder: the run's own, or empty. since_ms: wall time; what was logged before it is somebody else's.
OomTraces read_oom_traces(const OsRoot& root, const std::string& cgroup_folder, std::int64_t since_ms);

// A message of the kernel's log that names a victim:
//   "Memory cgroup out of memory: Killed process 1234 (python3) total-vm:1048576kB, anon-rss:…"
std::optional<OomVictim> parse_kernel_victim(std::string_view message);
// A log line of earlyoom's that says it ended a process:
//   "sending SIGTERM to process 1234 uid 1000 \"python3\": badness 900, VmRSS 900 MiB"
std::optional<OomVictim> parse_earlyoom_line(std::string_view line);

}  // namespace ullage::sense
