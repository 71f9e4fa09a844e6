// SPDX-License-Identifier: Apache-2.0
// The machine's files under /proc (Linux Documentation/filesystems/proc.rst, chapter 1; disks:
// Documentation/admin-guide/iostats.rst), each into its part of a HostSample. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/os_root.h"
#include "sense/sample.h"

namespace ullage::sense {

void parse_meminfo(std::string_view text, HostSample& sample);
// Shmem of it: all shared memory and tmpfs files, each page once.
std::optional<std::uint64_t> parse_shared(std::string_view meminfo);
// /proc/stat: the "cpu" line. Guest time is inside user and nice already.
void parse_cpu_stat(std::string_view text, const OsRoot& root, HostSample& sample);
void parse_loadavg(std::string_view text, HostSample& sample);
void parse_vmstat(std::string_view text, HostSample& sample);
// Devices that have never done anything are left out (a machine has eight empty loop devices). Partitions are
// those whose name is not in whole_disks; an empty list means that all count.
void parse_diskstats(std::string_view text, const std::vector<std::string>& whole_disks, HostSample& sample);

// Processors that are online, by the "cpuN" lines of /proc/stat.
unsigned count_processors(std::string_view proc_stat);

}  // namespace ullage::sense
