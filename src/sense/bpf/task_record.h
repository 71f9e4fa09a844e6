// SPDX-License-Identifier: Apache-2.0
// One thread as the kernel's own program writes it (tasks.bpf.c) and task_iterator.cpp reads it: the same
// bytes on both sides of one machine, so no version. In C, for both.
#pragma once

#include <linux/types.h>

struct TaskRecord {
  __u64 run_ns;              // on a processor, of this thread
  __u64 user_ns, system_ns;  // as counted at clock ticks
  __u64 minor_faults, major_faults;
  __u64 read_bytes, written_bytes;  // storage
  // Of a process's first thread only: what its ended threads had used, and what belongs to them all.
  __u64 ended_run_ns, ended_user_ns, ended_system_ns;
  __u64 ended_minor_faults, ended_major_faults;
  __u64 ended_read_bytes, ended_written_bytes;
  __s64 file_pages, anonymous_pages, swap_pages, shared_pages;  // never below 0 when read
  __s32 process, thread;
  __s32 parent;
  __u32 has_memory;
  char name[16];
};
