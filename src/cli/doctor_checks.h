// SPDX-License-Identifier: Apache-2.0
// What a run could see and enforce on this machine, asked the way a run asks: the same readers, and a cgroup
// with limits made and removed again. Each finding that is not good says how to get it.
#pragma once

#include <string>
#include <vector>

#include "base/os_root.h"
#include "cli/finding.h"
#include "config/settings.h"

namespace ullage::cli {

// A trial changes the machine for a moment: a cgroup is made. A root that is not this machine's own (a
// fixture, a snapshot) is only read, whatever is said here; and so is the machine by a daemon, from any
// thread.
enum class Trials { made, left_out };
std::vector<FindingGroup> examine(const OsRoot& root, const Result<config::Settings>& settings,
                                  const std::vector<std::string>& unknown_variables,
                                  Trials trials = Trials::made);

}  // namespace ullage::cli
