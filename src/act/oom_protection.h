// SPDX-License-Identifier: Apache-2.0
// Who watches has to outlive what it watches: the kernel's OOM killer is told to take others first.
#pragma once

#include "base/os_root.h"
#include "base/result.h"

namespace ullage::act {

// For this process and what it starts from here on. An error where that is not allowed (it takes
// CAP_SYS_RESOURCE to ask for less than one was given).
Result<void> protect_from_oom_killer(const OsRoot& root);
// In a child, before it becomes another program: as any other process.
void give_up_oom_protection();

}  // namespace ullage::act
