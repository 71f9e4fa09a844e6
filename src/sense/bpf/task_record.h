// SPDX-License-Identifier: Apache-2.0
// What the kernel's own program (tasks.bpf.c) tells of one thread and task_iterator.cpp reads: the same
// bytes on both sides of one machine, so no version. In C, for both.
#pragma once

#include <linux/types.h>

enum {
  TASK_HAS_MOVED = 1,     // its address space, name, the number of its threads or what ended ones had used
  TASK_HAS_IO = 2,        // to or from storage
  TASK_IS_ELSEWHERE = 4,  // in another cgroup, of whatever hierarchy
  TASK_MEMORY_MOVED = 8,  // more or less of it, or faults
};

// So many records fit into the list of one pass.
enum { TASKS_LISTED_MAX = 16384 };

// One of each process's first thread, which makes the list of processes; of other threads only when they ran.
struct TaskRecord {
  __s32 process, thread;
  __u32 ran_us;                      // since the pass before, rounded up
  __u32 what;                        // TASK_…, since the pass before
  __u32 minor_faults, major_faults;  // since the pass before
  __u32 resident_pages;              // of a process's first thread, when last looked at
  __u32 unused;
};
