// SPDX-License-Identifier: Apache-2.0
// From the place where we stand to the sites of a cage, and from a cage to the place whose figures are the
// run's own.
#pragma once

#include "act/cage.h"
#include "sense/cgroup/cgroup_place.h"

namespace ullage::session {

act::CageSites cage_sites(const sense::CgroupPlace& around);
// The cage's own folders and no other; all empty when it has none.
sense::CgroupPlace own_place(const sense::CgroupPlace& around, const act::Cage& cage);
bool is_anywhere(const sense::CgroupPlace& place);

}  // namespace ullage::session
