// SPDX-License-Identifier: Apache-2.0
// Where the run's cgroup v2 may stand, and its limits (Documentation/admin-guide/cgroup-v2.rst in the
// kernel's tree: "No Internal Process Constraint", "Delegation Containment").
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "act/cage.h"
#include "act/cage_parts.h"
#include "act/cgroup_folder.h"
#include "base/file.h"
#include "base/text.h"

namespace ullage::act {
namespace {

using Site = UnifiedCage::Site;
using Carried = UnifiedCage::Carried;

std::vector<std::string> wanted_controllers(const LimitRequest& request) {
  std::vector<std::string> names;
  if (request.memory_bytes) names.emplace_back("memory");
  if (request.cores) names.emplace_back("cpu");
  if (request.processes) names.emplace_back("pids");
  return names;
}

std::string parent_of_folder(const std::string& folder) { return folder.substr(0, folder.rfind('/')); }
std::string name_of_folder(const std::string& folder) { return folder.substr(folder.rfind('/') + 1); }

// Our own cgroup and those above it, but none above a run's cage: what runs inside a run stays inside it.
std::vector<std::string> candidates(const std::string& own) {
  std::vector<std::string> folders;
  for (std::string folder = own; file_exists(folder + "/cgroup.controllers");
       folder = parent_of_folder(folder)) {
    folders.push_back(folder);
    if (name_of_folder(folder).starts_with(kCageNamePrefix)) break;
  }
  return folders;
}

bool lists(const std::string& folder, const std::string& file, const std::string& name) {
  const auto text = read_cgroup_file(folder, file);
  if (!text) return false;
  std::string_view rest = *text;
  while (!rest.empty())
    if (take_word(rest) == name) return true;
  return false;
}

bool is_writable(const std::string& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
}

// The root of the whole tree has no type, and alone may have processes beside children with controllers.
bool is_root(const std::string& folder) { return !file_exists(folder + "/cgroup.type"); }

std::string own_processes(const std::string& folder) {
  return read_cgroup_file(folder, "cgroup.procs").value_or("?");
}

// "150000 100000" → 1.5; nothing for "max 100000".
std::optional<double> parse_cpu_max(std::string_view text) {
  const auto quota = to_double(take_word(text));
  const auto period = to_double(take_word(text));
  if (!quota || !period || *period <= 0) return std::nullopt;
  return *quota / *period;
}

// Adds what limits `folder`; false when it is something that cannot be carried over.
bool carry(const std::string& folder, Carried& carried, std::string& problem) {
  for (const char* file : {"memory.max", "memory.high", "memory.swap.max", "pids.max"}) {
    const auto text = read_cgroup_file(folder, file);
    const auto count = text ? to_unsigned(*text) : std::nullopt;
    if (!count) continue;
    const auto [place, is_new] = carried.counts.emplace(file, *count);
    if (!is_new) place->second = std::min(place->second, *count);
  }
  if (const auto text = read_cgroup_file(folder, "cpu.max"))
    if (const auto cores = parse_cpu_max(*text))
      carried.cores = std::min(carried.cores.value_or(*cores), *cores);
  for (const char* file : {"cpuset.cpus", "cpuset.mems", "io.max"}) {
    if (read_cgroup_file(folder, file).value_or("").empty()) continue;
    add_problem(problem, "cgroup v2: a run beside " + folder + " would escape its " + file);
    return false;
  }
  return true;
}

void undo(Site& site) {
  for (const std::string& name : site.enabled)
    (void)write_kernel_file(site.base + "/cgroup.subtree_control", "-" + name);
  site.enabled.clear();
  if (!site.leaf) return;
  (void)write_kernel_file(site.base + "/cgroup.procs", std::to_string(::getpid()));
  site.leaf->remove();
  site.leaf.reset();
}

// Out of our own cgroup, when nobody else is in it, so that it may have children with controllers.
bool move_into_leaf(Site& site, const std::string& name) {
  if (own_processes(site.base) != std::to_string(::getpid())) return false;
  auto leaf = CgroupFolder::make(site.base, name + ".supervisor");
  if (!leaf || !leaf->write("cgroup.procs", std::to_string(::getpid()))) return false;
  site.leaf = std::move(*leaf);
  return true;
}

// Turns on for base's children what is wanted and not there. What cannot be is said in `problem`.
void enable(Site& site, bool is_own, const std::string& name, const std::vector<std::string>& wanted,
            std::string& problem) {
  std::vector<std::string> missing;
  for (const std::string& controller : wanted) {
    if (lists(site.base, "cgroup.subtree_control", controller)) continue;
    if (lists(site.base, "cgroup.controllers", controller))
      missing.push_back(controller);
    else
      add_problem(problem, "cgroup v2: " + site.base + " has no " + controller + " controller");
  }
  if (missing.empty()) return;
  // cpu and pids could be turned on beside processes, but then no command could be born in the new cgroup.
  if (!is_root(site.base) && !own_processes(site.base).empty() && !(is_own && move_into_leaf(site, name)))
    return add_problem(
        problem, "cgroup v2: " + site.base + " holds other processes, so it cannot hand out controllers");
  for (const std::string& controller : missing) {
    const auto written = write_kernel_file(site.base + "/cgroup.subtree_control", "+" + controller);
    if (written)
      site.enabled.push_back(controller);
    else
      add_problem(problem, "cgroup v2: " + written.error().text());
  }
}

int held_controllers(const std::string& base, const std::vector<std::string>& wanted) {
  return static_cast<int>(std::count_if(wanted.begin(), wanted.end(), [&base](const std::string& controller) {
    return lists(base, "cgroup.subtree_control", controller);
  }));
}

}  // namespace

// Nothing when the folder cannot be made there, cannot hold processes, or would let the run escape a limit.
std::optional<UnifiedCage> UnifiedCage::settle(Site site, const std::string& name, std::string& problem) {
  auto folder = CgroupFolder::make(site.base, name);
  if (!folder) {
    add_problem(problem, "cgroup v2: " + folder.error().text());
    undo(site);
    return std::nullopt;
  }
  UnifiedCage cage(std::move(*folder), std::move(site));
  bool fits = cage.folder_.read("cgroup.type").value_or("") == "domain";
  if (!fits)
    add_problem(problem, "cgroup v2: " + cage.folder_.path() + " cannot hold processes (a threaded tree)");
  const auto carry_over = [&](const std::string& file, const std::string& value) {
    const auto written = cage.folder_.write(file, value);
    if (written) return;
    fits = false;
    add_problem(problem, "cgroup v2: the run would escape a limit: " + written.error().text());
  };
  for (const auto& [file, count] : cage.site_.carried.counts) carry_over(file, std::to_string(count));
  if (cage.site_.carried.cores)
    carry_over("cpu.max", std::to_string(std::llround(*cage.site_.carried.cores * kPeriodUs)) + " " +
                              std::to_string(kPeriodUs));
  if (fits) return cage;
  cage.remove();
  return std::nullopt;
}

std::optional<UnifiedCage> UnifiedCage::make(const std::string& own, const std::string& name,
                                             const LimitRequest& request, std::string& problem) {
  const std::vector<std::string> folders = own.empty() ? std::vector<std::string>{} : candidates(own);
  if (folders.empty()) {
    add_problem(problem, "there is no cgroup v2 here");
    return std::nullopt;
  }
  const std::vector<std::string> wanted = wanted_controllers(request);
  if (wanted.empty()) return settle({.base = own, .carried = {}, .enabled = {}, .leaf = {}}, name, problem);

  Carried carried;
  std::optional<std::pair<int, Site>> best;  // holds some of the limits
  for (const std::string& base : folders) {
    if (base != own && !carry(*(&base - 1), carried, problem)) break;
    if (!is_writable(base) || !is_writable(base + "/cgroup.procs")) {
      add_problem(problem, "cgroup v2: " + base + " is not ours to write");
      continue;
    }
    Site site{.base = base, .carried = carried, .enabled = {}, .leaf = {}};
    enable(site, base == own, name, wanted, problem);
    const int held = held_controllers(base, wanted);
    if (held == static_cast<int>(wanted.size())) {
      if (best) undo(best->second);
      return settle(std::move(site), name, problem);
    }
    if (held > (best ? best->first : 0)) {
      if (best) undo(best->second);
      best.emplace(held, std::move(site));
    } else {
      undo(site);
    }
  }
  if (best) return settle(std::move(best->second), name, problem);
  // For its figures, and to end all at once.
  return settle({.base = own, .carried = {}, .enabled = {}, .leaf = {}}, name, problem);
}

HeldValue UnifiedCage::limit_count(const std::string& file, std::uint64_t count) {
  if (!folder_.has(file)) return {};
  const auto carried = site_.carried.counts.find(file);
  if (carried != site_.carried.counts.end()) count = std::min(count, carried->second);
  if (const auto written = folder_.write(file, std::to_string(count)); !written)
    return {.got = {}, .problem = written.error().text()};
  const auto text = folder_.read(file);
  if (!text) return {.got = {}, .problem = text.error().text()};
  return {.got = to_double(*text), .problem = {}};
}

HeldValue UnifiedCage::limit_memory(std::uint64_t bytes) {
  HeldValue held = limit_count("memory.max", bytes);
  // As much swap again, as Docker has it. Without swap accounting there is no such file, and no such limit.
  if (held.got) (void)limit_count("memory.swap.max", bytes);
  return held;
}

HeldValue UnifiedCage::limit_processes(std::uint64_t count) { return limit_count("pids.max", count); }

HeldValue UnifiedCage::limit_cores(double cores) {
  if (!folder_.has("cpu.max")) return {};
  cores = std::min(cores, site_.carried.cores.value_or(cores));
  const long long quota_us = std::max<long long>(kLeastQuotaUs, std::llround(cores * kPeriodUs));
  if (const auto written =
          folder_.write("cpu.max", std::to_string(quota_us) + " " + std::to_string(kPeriodUs));
      !written)
    return {.got = {}, .problem = written.error().text()};
  const auto text = folder_.read("cpu.max");
  if (!text) return {.got = {}, .problem = text.error().text()};
  return {.got = parse_cpu_max(*text), .problem = {}};
}

bool UnifiedCage::remove() {
  if (!folder_.remove()) return false;
  // Controllers turned on in a cgroup above ours stay on: others may have come to use them.
  if (site_.leaf) undo(site_);
  return true;
}

}  // namespace ullage::act
