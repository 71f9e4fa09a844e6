// SPDX-License-Identifier: Apache-2.0
// Was this run ended for exceeding memory, and by whom? Tells an OOM kill from every other SIGKILL by what
// was counted and what was left in traces. Pure: evidence in, verdict out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "run/record.h"

namespace ullage::session {

struct OomEvidence {
  std::optional<int> exit_code;
  std::optional<int> signal;
  bool we_ended_it = false;             // by --timeout or --on-pressure
  bool own_limit_acted = false;         // the supervisor ended the run for exceeding --memory
  std::uint64_t cage_kills = 0;         // memory.events or oom_control of the run's own cgroup
  std::uint64_t ancestor_kills = 0;     // of the cgroup around it, during the run
  std::uint64_t machine_kills = 0;      // /proc/vmstat oom_kill, during the run
  std::string daemon;                   // "systemd-oomd", "earlyoom": whose trace names the run or its cgroup
  bool kernel_log_is_readable = false;  // so that a victim which is not in it is none
  std::string kernel_log_victim;        // "python3 (123)": the kernel's log names a process of the run
  bool a_process_was_killed = false;    // some process of the run ended by SIGKILL
  std::string killed;                   // "python3 (123)": the largest of those
};

// Who killed it; absent when it was not ended for exceeding memory.
std::optional<run::Oom> judge_oom(const OomEvidence& evidence);

}  // namespace ullage::session
