// SPDX-License-Identifier: Apache-2.0
// What we stop must not stay stopped when we die: a guard is a small process that waits for its starter to
// go away, by whatever death, and then lets the stopped processes continue.
#pragma once

#include <sys/types.h>

#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace ullage::act {

struct ThawGuard {
  pid_t pid = 0;        // a child of ours, to be reaped as any
  FileDescriptor hold;  // it holds until this is closed, by us or by the kernel at our death
};
Result<ThawGuard> start_thaw_guard(const std::vector<pid_t>& stopped);

}  // namespace ullage::act
