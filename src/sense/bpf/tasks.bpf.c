// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Runs in the kernel, once for each thread of the machine when the iterator is read (Linux Documentation/bpf/
// bpf_iterators.rst), and writes a task_record.h. The structs name only the fields that are read; where these
// lie in the running kernel is put in at loading (CO-RE). Compiled at build time by clang for the target bpf.
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "task_record.h"

#define KERNEL __attribute__((preserve_access_index))

struct seq_file;
struct bpf_iter_meta {
  struct seq_file* seq;
} KERNEL;

struct task_io_accounting {
  __u64 read_bytes, write_bytes;
} KERNEL;

struct signal_struct {
  __u64 utime, stime;
  __u64 sum_sched_runtime;
  unsigned long min_flt, maj_flt;
  struct task_io_accounting ioac;
} KERNEL;

// Since Linux 6.2.
struct percpu_counter {
  __s64 count;
} KERNEL;
struct mm_struct {
  struct percpu_counter rss_stat[4];
} KERNEL;

// Before.
struct mm_rss_stat___before {
  struct {
    __s64 counter;
  } count[4];
} KERNEL;
struct mm_struct___before {
  struct mm_rss_stat___before rss_stat;
} KERNEL;

struct sched_entity {
  __u64 sum_exec_runtime;
} KERNEL;

struct task_struct {
  int pid, tgid;
  struct task_struct *real_parent, *group_leader;
  char comm[16];
  __u64 utime, stime;
  unsigned long min_flt, maj_flt;
  struct sched_entity se;
  struct signal_struct* signal;
  struct mm_struct* mm;
  struct task_io_accounting ioac;
} KERNEL;

struct bpf_iter__task {
  struct bpf_iter_meta* meta;
  struct task_struct* task;
} KERNEL;

static void read_memory(struct TaskRecord* record, struct mm_struct* mm) {
  if (mm == 0) return;
  record->has_memory = 1;
  if (bpf_core_field_exists(mm->rss_stat[0].count)) {
    record->file_pages = BPF_CORE_READ(mm, rss_stat[0].count);
    record->anonymous_pages = BPF_CORE_READ(mm, rss_stat[1].count);
    record->swap_pages = BPF_CORE_READ(mm, rss_stat[2].count);
    record->shared_pages = BPF_CORE_READ(mm, rss_stat[3].count);
    return;
  }
  struct mm_struct___before* before = (struct mm_struct___before*)mm;
  record->file_pages = BPF_CORE_READ(before, rss_stat.count[0].counter);
  record->anonymous_pages = BPF_CORE_READ(before, rss_stat.count[1].counter);
  record->swap_pages = BPF_CORE_READ(before, rss_stat.count[2].counter);
  record->shared_pages = BPF_CORE_READ(before, rss_stat.count[3].counter);
}

SEC("iter/task")
int write_task(struct bpf_iter__task* context) {
  struct task_struct* task = context->task;
  if (task == 0) return 0;  // the end
  struct TaskRecord record = {};
  record.process = task->tgid;
  record.thread = task->pid;
  record.run_ns = task->se.sum_exec_runtime;
  record.user_ns = task->utime;
  record.system_ns = task->stime;
  record.minor_faults = task->min_flt;
  record.major_faults = task->maj_flt;
  if (bpf_core_field_exists(task->ioac.read_bytes)) {
    record.read_bytes = task->ioac.read_bytes;
    record.written_bytes = task->ioac.write_bytes;
  }
  if (task->pid == task->tgid) {
    struct signal_struct* all = task->signal;
    record.parent = task->real_parent->tgid;
    record.ended_run_ns = all->sum_sched_runtime;
    record.ended_user_ns = all->utime;
    record.ended_system_ns = all->stime;
    record.ended_minor_faults = all->min_flt;
    record.ended_major_faults = all->maj_flt;
    if (bpf_core_field_exists(all->ioac.read_bytes)) {
      record.ended_read_bytes = all->ioac.read_bytes;
      record.ended_written_bytes = all->ioac.write_bytes;
    }
    read_memory(&record, task->mm);
    bpf_core_read(record.name, sizeof(record.name), &task->comm);
  }
  bpf_seq_write(context->meta->seq, &record, sizeof(record));
  return 0;
}

// The helpers that read the kernel's memory are for programs under the GPL.
char LICENSE[] SEC("license") = "GPL";
