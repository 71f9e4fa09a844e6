// SPDX-License-Identifier: Apache-2.0
// Limits in the v1 hierarchies (Documentation/admin-guide/cgroup-v1 in the kernel's tree).
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "act/cage_parts.h"
#include "act/cgroup_folder.h"
#include "base/file.h"
#include "base/result.h"
#include "base/text.h"

namespace ullage::act {
namespace {

HeldValue read_back(const CgroupFolder& folder, const std::string& file) {
  const auto text = folder.read(file);
  if (!text) return {.got = {}, .problem = text.error().text()};
  return {.got = to_double(*text), .problem = {}};
}

// memory.memsw must never be below memory.limit, so the one that gives room goes first: the kernel refuses
// the other order.
Result<void> write_memory_and_swap(const CgroupFolder& folder, std::uint64_t bytes) {
  const std::string memory = std::to_string(bytes);
  const std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  const std::string with_swap = std::to_string(bytes > most / 2 ? most : bytes * 2);
  constexpr auto kMemory = "memory.limit_in_bytes", kWithSwap = "memory.memsw.limit_in_bytes";
  if (!folder.has(kWithSwap)) return folder.write(kMemory, memory);
  if (folder.write(kWithSwap, with_swap)) return folder.write(kMemory, memory);
  auto lowered = folder.write(kMemory, memory);
  if (!lowered) return lowered;
  return folder.write(kWithSwap, with_swap);
}

}  // namespace

std::optional<CgroupFolder> make_v1_folder(const std::string& site, const std::string& controller,
                                           const std::string& name, std::string& problem) {
  // Where the controller lives in the v2 tree, its folder is no v1 site.
  if (site.empty() || file_exists(site + "/cgroup.controllers")) {
    add_problem(problem, "there is no cgroup v1 with the " + controller + " controller");
    return std::nullopt;
  }
  auto folder = CgroupFolder::make(site, name);
  if (folder) return std::move(*folder);
  add_problem(problem, "cgroup v1: " + folder.error().text());
  return std::nullopt;
}

HeldValue limit_memory_v1(const CgroupFolder& folder, std::uint64_t bytes) {
  if (const auto written = write_memory_and_swap(folder, bytes); !written)
    return {.got = {}, .problem = written.error().text()};
  return read_back(folder, "memory.limit_in_bytes");
}

HeldValue limit_cores_v1(const CgroupFolder& folder, double cores) {
  const long long quota_us = std::max<long long>(kLeastQuotaUs, std::llround(cores * kPeriodUs));
  if (const auto written = folder.write("cpu.cfs_period_us", std::to_string(kPeriodUs)); !written)
    return {.got = {}, .problem = written.error().text()};
  if (const auto written = folder.write("cpu.cfs_quota_us", std::to_string(quota_us)); !written)
    return {.got = {}, .problem = written.error().text()};
  HeldValue held = read_back(folder, "cpu.cfs_quota_us");
  if (held.got) held.got = *held.got / kPeriodUs;
  return held;
}

HeldValue limit_processes_v1(const CgroupFolder& folder, std::uint64_t count) {
  if (const auto written = folder.write("pids.max", std::to_string(count)); !written)
    return {.got = {}, .problem = written.error().text()};
  return read_back(folder, "pids.max");
}

}  // namespace ullage::act
