// SPDX-License-Identifier: Apache-2.0
// The files of a cgroup, each into its part of a CgroupSample: v2 as in Linux Documentation/admin-guide/
// cgroup-v2.rst, v1 as in Documentation/admin-guide/cgroup-v1/{memory,cpuacct,blkio-controller,pids}.rst and
// Documentation/scheduler/sched-bwc.rst. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "sense/sample.h"

namespace ullage::sense {

// "max", on v1 -1 or the largest number of whole pages (9223372036854771712), mean none.
std::optional<std::uint64_t> parse_limit(std::string_view text);

// Memory of this cgroup and those below it. Kernel memory leaves out what is known to be reclaimable slab;
// unevictable is what neither anonymous nor shared memory has counted yet (mlocked pages are in both).
void parse_memory_stat_v2(std::string_view text, CgroupSample& sample);
// The "total_" lines, which include the cgroups below. Kernel memory stands in another file there.
void parse_memory_stat_v1(std::string_view text, CgroupSample& sample);
// hierarchical_memory_limit: the tightest of all ancestors, those that we cannot see as well.
std::optional<std::uint64_t> parse_hierarchical_limit_v1(std::string_view memory_stat);
void parse_memory_events(std::string_view text, CgroupSample& sample);
void parse_oom_control_v1(std::string_view text, CgroupSample& sample);

void parse_cpu_stat_v2(std::string_view text, CgroupSample& sample);
void parse_cpu_stat_v1(std::string_view text, CgroupSample& sample);  // throttling only
void parse_cpuacct_stat_v1(std::string_view text, long ticks_per_second, CgroupSample& sample);
std::optional<double> parse_cpu_max(std::string_view text);  // cores
std::optional<double> quota_cores_v1(std::string_view quota_us, std::string_view period_us);

void parse_io_stat_v2(std::string_view text, CgroupSample& sample);
void parse_blkio_service_bytes_v1(std::string_view text, CgroupSample& sample);

// "0-3,8,10-11" is 7 processors. Nothing when the list is empty or broken.
std::optional<unsigned> count_processor_list(std::string_view text);

}  // namespace ullage::sense
