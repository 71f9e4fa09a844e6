// SPDX-License-Identifier: Apache-2.0
// What a daemon that watches the same machine can tell and one look cannot: the last minutes of the machine,
// of its processes and groups, how fast they grow, which runs are alive. Plain values, for MachineView; who
// asks is daemon_link.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sense/processes/process_row.h"

namespace ullage::top {

struct PastPoint {
  std::int64_t time_ms = 0;
  double value = 0;
};
struct Past {  // the oldest first
  std::vector<PastPoint> held_bytes = {}, cpu_cores = {};
};

struct LiveRun {  // texts are safe for a terminal
  std::string id, name, command;
  std::vector<std::string> phases;  // that it is in
  std::int64_t started_ms = 0;
  std::optional<double> used_bytes, limit_bytes;
};

struct DaemonWord {
  std::string version;                       // of the daemon
  std::vector<PastPoint> machine_used = {};  // what nobody new could have of the memory; minutes
  std::map<std::pair<std::int64_t, std::string>, Past> processes = {};  // by pid and name; a minute
  std::map<sense::ProcessGroup, Past> groups = {};
  std::map<std::pair<std::int64_t, std::string>, double> process_growth = {};  // bytes a minute
  std::map<sense::ProcessGroup, double> group_growth = {};
  // Since when they have grown without a pause; of those that do.
  std::map<std::pair<std::int64_t, std::string>, std::int64_t> process_growing_since_ms = {};
  std::map<sense::ProcessGroup, std::int64_t> group_growing_since_ms = {};
  std::map<sense::ProcessGroup, std::uint64_t> group_proportional_bytes =
      {};  // PSS without swap, where all of it is known; up to half a minute old
  std::map<sense::ProcessGroup, std::uint64_t> group_resident_bytes = {};  // when the daemon was asked
  std::vector<LiveRun> runs = {};                                          // the newest first
};

}  // namespace ullage::top
