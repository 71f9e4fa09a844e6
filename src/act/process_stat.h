// SPDX-License-Identifier: Apache-2.0
// What /proc/PID/stat says of a process, for those who may allocate nothing: a guard between fork and exit.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace ullage::act {

// 'R', 'S', 'T' (stopped), 'Z' …; 0 when it is gone.
char process_state(pid_t pid);
// 0 when it is gone or hidden.
pid_t parent_of(pid_t pid);
// Since boot: with the number a process's identity. 0 when it is gone.
std::int64_t start_ticks_of(pid_t pid);

}  // namespace ullage::act
