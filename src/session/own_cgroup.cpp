// SPDX-License-Identifier: Apache-2.0
#include "session/own_cgroup.h"

#include <string>

#include "act/cage.h"
#include "sense/cgroup/cgroup_place.h"

namespace ullage::session {

act::CageSites cage_sites(const sense::CgroupPlace& around) {
  return {
      .unified = around.unified, .memory_v1 = around.memory, .cpu_v1 = around.cpu, .pids_v1 = around.pids};
}

sense::CgroupPlace own_place(const sense::CgroupPlace& around, const act::Cage& cage) {
  sense::CgroupPlace own{.layout = around.layout, .unified = cage.unified_folder()};
  const auto folder = [&](const std::string& v1) {
    return v1.empty() && around.layout == sense::CgroupLayout::v2 ? own.unified : v1;
  };
  own.memory = folder(cage.memory_v1_folder());
  own.cpu = folder(cage.cpu_v1_folder());
  own.pids = own.blkio = folder({});
  return own;
}

bool is_anywhere(const sense::CgroupPlace& place) {
  return !place.unified.empty() || !place.memory.empty() || !place.cpu.empty();
}

}  // namespace ullage::session
