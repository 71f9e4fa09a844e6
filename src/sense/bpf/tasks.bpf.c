// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Runs in the kernel, once for each thread of the machine when the iterator is read (Linux Documentation/bpf/
// bpf_iterators.rst), and writes a task_record.h of what has moved since the pass before. What each thread was
// at that pass lies in a list in the order in which the kernel comes by, so that it is read in step and nothing
// is searched; the next list is written meanwhile. Of a thread that did not run only little can have changed:
// most of what a pass costs is memory that is not in the cache, so that is all that is looked at. The structs
// name only the fields that are read; where these lie in the running kernel is put in at loading (CO-RE).
// Compiled at build time by clang for the target bpf.
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "task_record.h"

#define KERNEL __attribute__((preserve_access_index))

struct css_set;
struct seq_file;
struct bpf_iter_meta {
  struct seq_file* seq;
  __u64 session_id;  // of each reading of the iterator another
} KERNEL;

struct task_io_accounting {
  __u64 read_bytes, write_bytes;
} KERNEL;

struct signal_struct {
  int nr_threads;
  __u64 sum_sched_runtime;  // of ended threads, as the rest
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
  char comm[16];
  unsigned long min_flt, maj_flt;
  struct sched_entity se;
  struct signal_struct* signal;
  struct mm_struct* mm;
  struct css_set* cgroups;
  struct task_io_accounting ioac;
} KERNEL;

struct bpf_iter__task {
  struct bpf_iter_meta* meta;
  struct task_struct* task;
} KERNEL;

// Threads of one pass that are remembered; what is beyond counts as moved each time.
#define SEEN_MAX 16384
// So many that have ended are passed over for one that is there.
#define ENDED_MAX 64

// A thread at a pass.
struct Seen {
  __u64 task;  // where it lay: its number may be another's
  __u32 thread;
  __u32 threads;  // this and what follows up to cgroups: of a process's first thread only
  __u32 pages, swap_pages;
  __u64 ended_run_ns, name, cgroups;
  __u64 run_ns, faults, io_bytes;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 2 * SEEN_MAX);  // of the pass before and of this one, in turn
  __type(key, __u32);
  __type(value, struct Seen);
} seen_threads SEC(".maps");

static struct {
  __u64 session_id;
  __u32 number;
  __u32 before, next_before;  // how many were seen at the pass before, and which of them comes next
  __u32 now;                  // how many at this one
} pass;

static struct Seen* seen_at(__u32 pass_number, __u32 index) {
  if (index >= SEEN_MAX) return 0;
  const __u32 place = (pass_number & 1) * SEEN_MAX + index;
  return bpf_map_lookup_elem(&seen_threads, &place);
}

static void begin_pass(__u64 session_id) {
  pass.session_id = session_id;
  ++pass.number;
  pass.before = pass.now;
  pass.next_before = pass.now = 0;
}

// What this thread was at the pass before; null: it was not there.
static struct Seen* seen_before(struct task_struct* task) {
  const __u32 thread = task->pid;
  for (int i = 0; i < ENDED_MAX && pass.next_before < pass.before; ++i) {
    struct Seen* seen = seen_at(pass.number - 1, pass.next_before);
    if (seen == 0) return 0;
    if (seen->thread == thread && seen->task == (__u64)task) return seen;
    if (seen->thread >= thread) return 0;
    ++pass.next_before;
  }
  return 0;
}

static void remember(const struct Seen* seen) {
  struct Seen* place = seen_at(pass.number, pass.now);
  if (place == 0) return;
  *place = *seen;
  ++pass.now;
}

// Whether a field of Seen is another now; it is noted there.
#define CHANGED(field, value)                     \
  ({                                              \
    const typeof(field) value_now = (value);      \
    const int has_changed = (field) != value_now; \
    (field) = value_now;                          \
    has_changed;                                  \
  })

static __u32 look_at_memory(struct Seen* seen, struct mm_struct* mm) {
  __s64 pages = 0, swap_pages = 0;
  if (mm != 0) {
    if (bpf_core_field_exists(mm->rss_stat[0].count)) {
      pages = mm->rss_stat[0].count + mm->rss_stat[1].count + mm->rss_stat[3].count;
      swap_pages = mm->rss_stat[2].count;
    } else {
      struct mm_struct___before* before = (struct mm_struct___before*)mm;
      pages = before->rss_stat.count[0].counter + before->rss_stat.count[1].counter +
              before->rss_stat.count[3].counter;
      swap_pages = before->rss_stat.count[2].counter;
    }
  }
  return CHANGED(seen->pages, pages) | CHANGED(seen->swap_pages, swap_pages) ? TASK_HAS_MOVED : 0;
}

// What a thread does only when it runs.
static __u32 look_at_doings(struct Seen* seen, struct task_struct* task) {
  __u32 what = CHANGED(seen->faults, task->min_flt + task->maj_flt) ? TASK_HAS_MOVED : 0;
  if (bpf_core_field_exists(task->ioac.read_bytes) &&
      CHANGED(seen->io_bytes, task->ioac.read_bytes + task->ioac.write_bytes))
    what |= TASK_HAS_IO;
  return what;
}

static __u32 look_at_name(struct Seen* seen, struct task_struct* task) {
  __u64 name[2] = {};
  bpf_core_read(name, sizeof(name), &task->comm);
  return CHANGED(seen->name, name[0] * 31 + name[1]) ? TASK_HAS_MOVED : 0;
}

// Those that have ended may have read and written.
static __u32 look_at_threads(struct Seen* seen, struct signal_struct* all) {
  const __u32 what = CHANGED(seen->threads, all->nr_threads) ? TASK_HAS_MOVED : 0;
  return CHANGED(seen->ended_run_ns, all->sum_sched_runtime) ? TASK_HAS_MOVED | TASK_HAS_IO : what;
}

static __u32 look_at_process(struct Seen* seen, struct task_struct* task, int has_run) {
  __u32 what = 0;
  if (has_run) what |= look_at_name(seen, task);
  // A thread that is the only one makes others only when it runs.
  if (has_run || seen->threads != 1) what |= look_at_threads(seen, task->signal);
  // What others do to a sleeper, by reclaim or by moving it: a look now and then is enough.
  if (!has_run && ((seen->thread + pass.number) & 3) != 0) return what;
  if (CHANGED(seen->cgroups, (__u64)task->cgroups)) what |= TASK_IS_ELSEWHERE;
  return what | look_at_memory(seen, task->mm);
}

SEC("iter/task")
int write_task(struct bpf_iter__task* context) {
  struct task_struct* task = context->task;
  if (task == 0) return 0;  // the end
  if (context->meta->session_id != pass.session_id) begin_pass(context->meta->session_id);
  struct TaskRecord record = {.process = task->tgid, .thread = task->pid};
  const int is_first_thread = record.process == record.thread;
  struct Seen now = {.task = (__u64)task, .thread = task->pid};
  const struct Seen* before = seen_before(task);
  if (before != 0)
    now = *before;
  else
    record.what = TASK_HAS_MOVED | TASK_HAS_IO | TASK_IS_ELSEWHERE;
  const __u64 ran_ns = task->se.sum_exec_runtime - now.run_ns;
  if (ran_ns != 0) {
    now.run_ns += ran_ns;
    record.ran_us = (ran_ns + 999) / 1000;
    record.what |= look_at_doings(&now, task);
  }
  if (is_first_thread) record.what |= look_at_process(&now, task, ran_ns != 0 || before == 0);
  // Where the reader's buffer is full, the kernel comes again with the same thread.
  const int is_told = (!is_first_thread && ran_ns == 0) ||
                      bpf_seq_write(context->meta->seq, &record, sizeof(record)) == 0;
  if (is_told) remember(&now);
  return 0;
}

// The helpers that read the kernel's memory are for programs under the GPL.
char LICENSE[] SEC("license") = "GPL";
