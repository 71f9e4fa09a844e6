// SPDX-License-Identifier: Apache-2.0
// How a running daemon is, for who asks whether all is well with it (`ullage doctor`, /api/ullage/v1/doctor):
// a copy that another thread may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sense/custom/custom_reading.h"

namespace ullage::daemon {

struct DaemonState {
  std::string version = {};
  std::int64_t pid = 0, start_ms = 0;
  std::vector<std::string> urls = {};
  // Empty where all is well.
  std::string tasks_problem = {}, exits_problem = {}, oom_problem = {}, storing_problem = {};
  std::string reload_problem = {};                    // of the last reload
  std::size_t sources = 0;                            // of people's own metrics
  std::vector<sense::SourceProblem> problems = {};    // of those that are down
  std::vector<sense::SourceProblem> unreadable = {};  // parts of the machine
};

}  // namespace ullage::daemon
