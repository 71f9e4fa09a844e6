// SPDX-License-Identifier: Apache-2.0
// Any bytes as cgroup and host files. What is reckoned from them never wraps around.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sense/cgroup/cgroup_text.h"
#include "sense/cgroup/mount_table.h"
#include "sense/host/host_text.h"
#include "sense/psi/pressure.h"

namespace ullage::sense {
namespace {

void read_all(std::string_view text) {
  CgroupSample v2, v1;
  parse_memory_stat_v2(text, v2);
  parse_memory_stat_v1(text, v1);
  parse_memory_events(text, v2);
  parse_oom_control_v1(text, v1);
  parse_cpu_stat_v2(text, v2);
  parse_cpu_stat_v1(text, v1);
  parse_cpuacct_stat_v1(text, 100, v1);
  parse_io_stat_v2(text, v2);
  parse_blkio_service_bytes_v1(text, v1);
  v2.current_bytes = 1 << 20;
  if (v2.used_bytes().value_or(0) > *v2.current_bytes) std::abort();
  parse_limit(text);
  parse_hierarchical_limit_v1(text);
  if (const auto cores = parse_cpu_max(text); cores && !(*cores >= 0)) std::abort();
  if (const auto count = count_processor_list(text); count && *count == 0) std::abort();
  parse_pressure(text);
  const auto mounts = parse_cgroup_mounts(text);
  for (const CgroupMembership& membership : parse_cgroup_memberships(text))
    for (const CgroupMount& mount : mounts)
      if (const auto folder = folder_under(mount, membership.path);
          folder && !folder->starts_with(mount.folder))
        std::abort();
  HostSample host;
  parse_meminfo(text, host);
  parse_cpu_stat(text, {}, host);
  parse_loadavg(text, host);
  parse_vmstat(text, host);
  parse_diskstats(text, {}, host);
  count_processors(text);
}

}  // namespace
}  // namespace ullage::sense

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ullage::sense::read_all({reinterpret_cast<const char*>(data), size});
  return 0;
}
