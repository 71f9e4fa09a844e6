// SPDX-License-Identifier: Apache-2.0
// Which group a process belongs to, from its cgroup, user and name. Names that never repeat (a scope for each
// login, a unit for each connection, a thread of the kernel for each job) would make series without end:
// these go by the name of the command. Pure.
#pragma once

#include <string_view>

#include "sense/processes/process_row.h"

namespace ullage::sense {

struct ProcessOrigin {
  std::string_view cgroup_path;  // as cgroup_path_of() picks it
  std::string_view user;
  std::string_view command_name;  // comm
  bool is_of_kernel = false;
};
// A container is one group, a service is one ("getty" of getty@tty1.service, unit getty@.service), a job of
// Slurm is one, all threads of the kernel are one; everything else goes by its name. Of each user apart.
ProcessGroup group_of(const ProcessOrigin& origin);

// Of the hierarchies in /proc/PID/cgroup the one that tells most: v2's or systemd's own, else the first that
// is not at its top.
std::string_view cgroup_path_of(std::string_view proc_cgroup);

}  // namespace ullage::sense
