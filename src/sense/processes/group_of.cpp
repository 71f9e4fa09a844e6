// SPDX-License-Identifier: Apache-2.0
#include "sense/processes/group_of.h"

#include <cstddef>
#include <string>
#include <string_view>

#include "base/text.h"
#include "sense/cgroup/cgroup_identity.h"
#include "sense/kernel_text.h"
#include "sense/processes/process_row.h"

namespace ullage::sense {

namespace {

// "getty@tty1.service" → "getty@.service": there may be an instance for each connection.
std::string without_instance(std::string_view unit) {
  const std::size_t at = unit.find('@');
  if (at == std::string_view::npos) return std::string(unit);
  const std::size_t dot = unit.rfind('.');
  return std::string(unit.substr(0, at + 1)) + std::string(unit.substr(dot));
}

std::string service_name(std::string_view unit) {
  return std::string(unit.substr(0, unit.find_first_of("@.")));
}

// Those that go by a name of their own. A user's manager (user@1000.service) is where sessions' programs run
// that belong to no service; what systemd-run starts is called run-u12.service or run-r1a2b….service.
bool is_lasting_service(std::string_view unit) {
  return unit.ends_with(".service") && !unit.starts_with("user@") && !unit.starts_with("run-");
}

}  // namespace

ProcessGroup group_of(const ProcessOrigin& origin) {
  ProcessGroup group{.name = {}, .user = valid_utf8(origin.user), .unit = {}};
  if (origin.is_of_kernel) {
    group.name = "kernel";
    return group;
  }
  const CgroupIdentity identity = identify_cgroup(origin.cgroup_path);
  if (!identity.container.empty()) {
    group.name = identity.runtime.empty() ? "container" : identity.runtime;
    group.name += '/' + valid_utf8(short_container(identity.container));
    if (!identity.pod_uid.empty()) group.unit = "pod" + identity.pod_uid;
  } else if (!identity.slurm_job.empty()) {
    group.name = "slurm/" + identity.slurm_job;
  } else if (is_lasting_service(identity.unit)) {
    group.name = valid_utf8(service_name(identity.unit));
    group.unit = valid_utf8(without_instance(identity.unit));
  } else {
    group.name = valid_utf8(origin.command_name);
  }
  return group;
}

// 4:memory:/user.slice
// 1:name=systemd:/user.slice/user-1000.slice/session-3.scope
// 0::/user.slice
std::string_view cgroup_path_of(std::string_view proc_cgroup) {
  std::string_view best = "/";
  int best_rank = -1;
  std::string_view line;
  while (take_line(proc_cgroup, line)) {
    const std::string_view number = take_until(line, ':');
    const std::string_view controllers = take_until(line, ':');
    if (!to_unsigned(number) || !line.starts_with('/')) continue;
    const int rank = line == "/" ? 0 : controllers == "name=systemd" ? 3 : controllers.empty() ? 2 : 1;
    if (rank <= best_rank) continue;
    best_rank = rank;
    best = line;
  }
  constexpr std::string_view kDeleted = " (deleted)";
  if (best.ends_with(kDeleted)) best.remove_suffix(kDeleted.size());
  return best;
}

}  // namespace ullage::sense
