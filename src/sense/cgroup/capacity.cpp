// SPDX-License-Identifier: Apache-2.0
// read_capacity() and read_headroom_bytes() of cgroup_place.h: the tightest limits on the way up.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/file.h"
#include "base/os_root.h"
#include "sense/cgroup/ancestors.h"
#include "sense/cgroup/cgroup_place.h"
#include "sense/cgroup/cgroup_text.h"
#include "sense/host/host_text.h"
#include "sense/sample.h"

namespace ullage::sense {

namespace {

std::optional<std::string> read_text(const OsRoot& root, const std::string& path) {
  auto text = read_file(root.path(path));
  return text ? std::optional(std::move(*text)) : std::nullopt;
}

bool is_v2(const CgroupPlace& place, const std::string& folder) { return folder == place.unified; }

void tighten_memory(const OsRoot& root, const CgroupPlace& place, Capacity& capacity) {
  const auto tighten = [&](std::optional<std::uint64_t> limit, const std::string& source) {
    if (!limit || (capacity.memory_bytes && *limit >= *capacity.memory_bytes)) return;
    capacity.memory_bytes = limit;
    capacity.memory_source = source;
  };
  const auto folders = cgroup_and_ancestors(root, place.memory);
  const bool v2 = is_v2(place, place.memory);
  for (const std::string& folder : folders) {
    const auto text = read_text(root, folder + (v2 ? "/memory.max" : "/memory.limit_in_bytes"));
    if (text) tighten(parse_limit(*text), "cgroup " + path_in_tree(folders, folder));
  }
  if (v2 || folders.empty()) return;
  if (const auto stat = read_text(root, folders.front() + "/memory.stat"))
    tighten(parse_hierarchical_limit_v1(*stat), "cgroup above " + path_in_tree(folders, folders.back()));
}

std::optional<double> quota_cores(const OsRoot& root, const std::string& folder, bool v2) {
  if (v2) {
    const auto text = read_text(root, folder + "/cpu.max");
    return text ? parse_cpu_max(*text) : std::nullopt;
  }
  const auto quota = read_text(root, folder + "/cpu.cfs_quota_us");
  const auto period = read_text(root, folder + "/cpu.cfs_period_us");
  return quota && period ? quota_cores_v1(*quota, *period) : std::nullopt;
}

std::optional<unsigned> cpuset_cores(const OsRoot& root, const CgroupPlace& place) {
  const bool v2 = is_v2(place, place.cpuset);
  for (const std::string& folder : cgroup_and_ancestors(root, place.cpuset)) {
    // The effective list knows of the ancestors' already; before Linux 3.18 v1 had only cpuset.cpus.
    for (const char* name : {"/cpuset.cpus.effective", "/cpuset.effective_cpus", "/cpuset.cpus"}) {
      const auto text = read_text(root, folder + name);
      if (const auto count = text ? count_processor_list(*text) : std::nullopt) return count;
    }
    if (!v2) return std::nullopt;
  }
  return std::nullopt;
}

void tighten_cores(const OsRoot& root, const CgroupPlace& place, unsigned affinity_cores,
                   Capacity& capacity) {
  const auto tighten = [&](double cores, const std::string& source) {
    if (cores <= 0 || (capacity.cores > 0 && cores >= capacity.cores)) return;
    capacity.cores = cores;
    capacity.cores_source = source;
  };
  if (const auto stat = read_text(root, "/proc/stat")) tighten(count_processors(*stat), "machine");
  // Before affinity: a cpuset shows in every affinity below it, and is the cause.
  if (const auto count = cpuset_cores(root, place)) tighten(*count, "cpuset");
  tighten(affinity_cores, "affinity");
  const auto folders = cgroup_and_ancestors(root, place.cpu);
  for (const std::string& folder : folders)
    if (const auto cores = quota_cores(root, folder, is_v2(place, place.cpu)))
      tighten(*cores, "quota " + path_in_tree(folders, folder));
}

// What of a cgroup's memory, and that of those below it, cannot be reclaimed.
std::optional<std::uint64_t> unreclaimable_bytes(const OsRoot& root, const std::string& folder, bool v2) {
  CgroupSample sample;
  const auto stat = read_text(root, folder + "/memory.stat");
  if (!stat) return std::nullopt;
  const auto current = read_text(root, folder + (v2 ? "/memory.current" : "/memory.usage_in_bytes"));
  if (current) sample.current_bytes = parse_limit(*current);
  if (v2) {
    parse_memory_stat_v2(*stat, sample);
  } else {
    parse_memory_stat_v1(*stat, sample);
    if (const auto kernel = read_text(root, folder + "/memory.kmem.usage_in_bytes"))
      sample.kernel_bytes = parse_limit(*kernel);
  }
  return sample.used_bytes();
}

}  // namespace

Capacity read_capacity(const OsRoot& root, const CgroupPlace& place, unsigned affinity_cores) {
  Capacity capacity;
  HostSample machine;
  if (const auto text = read_text(root, "/proc/meminfo")) parse_meminfo(*text, machine);
  capacity.memory_bytes = machine.memory_total_bytes;
  if (capacity.memory_bytes) capacity.memory_source = "machine";
  tighten_memory(root, place, capacity);
  tighten_cores(root, place, affinity_cores, capacity);
  for (const std::string& folder : cgroup_and_ancestors(root, place.pids)) {
    const auto text = read_text(root, folder + "/pids.max");
    const auto limit = text ? parse_limit(*text) : std::nullopt;
    if (limit) capacity.processes = std::min(capacity.processes.value_or(*limit), *limit);
  }
  return capacity;
}

std::optional<std::uint64_t> read_oom_kills(const OsRoot& root, const CgroupPlace& place) {
  if (place.memory.empty()) return std::nullopt;
  CgroupSample sample;
  const bool v2 = is_v2(place, place.memory);
  const auto text = read_text(root, place.memory + (v2 ? "/memory.events" : "/memory.oom_control"));
  if (text) v2 ? parse_memory_events(*text, sample) : parse_oom_control_v1(*text, sample);
  return sample.oom_kills;
}

std::optional<std::uint64_t> read_headroom_bytes(const OsRoot& root, const CgroupPlace& place) {
  std::optional<std::uint64_t> headroom;
  HostSample machine;
  if (const auto text = read_text(root, "/proc/meminfo")) parse_meminfo(*text, machine);
  headroom = machine.memory_available_bytes;
  const bool v2 = is_v2(place, place.memory);
  for (const std::string& folder : cgroup_and_ancestors(root, place.memory)) {
    const auto text = read_text(root, folder + (v2 ? "/memory.max" : "/memory.limit_in_bytes"));
    const auto limit = text ? parse_limit(*text) : std::nullopt;
    if (!limit) continue;
    const auto used = unreclaimable_bytes(root, folder, v2);
    if (!used) continue;
    const std::uint64_t left = *limit - std::min(*limit, *used);
    headroom = std::min(headroom.value_or(left), left);
  }
  return headroom;
}

}  // namespace ullage::sense
