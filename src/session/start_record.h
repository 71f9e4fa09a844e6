// SPDX-License-Identifier: Apache-2.0
// What is known of a run before it starts: who, where, on what machine, under which limits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "act/cage.h"
#include "base/os_root.h"
#include "run/record.h"
#include "sense/cgroup/cgroup_place.h"
#include "session/run_options.h"

namespace ullage::session {

struct Surroundings {
  sense::CgroupPlace place;  // where we stand
  sense::Capacity capacity;  // what is to be had there
};
Surroundings look_around(const OsRoot& root);

std::string fresh_run_id(std::int64_t now_ms);
run::Record start_record(const RunOptions& options, const Surroundings& around, const OsRoot& root,
                         const std::string& run_id, std::int64_t now_ms);
// Limits as they are held, and the tightest of memory and cores that follow from them.
void put_limits(run::Record& record, const RunOptions& options, const Surroundings& around,
                const std::vector<act::HeldLimit>& held);

}  // namespace ullage::session
