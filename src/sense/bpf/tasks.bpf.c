// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Runs in the kernel and tells, as a task_record.h of each process, what has moved since the pass before. What
// each thread was at that pass lies in a list in the order in which the kernel has them, so that it is read in
// step and hardly anything is searched; the next list is written meanwhile. Of a thread that did not run only
// little can have changed: most of what a pass costs is memory that is not in the cache, so that is all that
// is looked at.
//
// Two programs do it. list_tasks is called once a pass and walks the threads itself, into memory that the
// reader has mapped (since Linux 6.7: bpf_iter_task_new, kernel/bpf/task_iter.c). write_task is called by the
// kernel for each thread while an iterator is read (Documentation/bpf/bpf_iterators.rst), at three times the
// price: each is looked up by its number and held. The structs name only the fields that are read; where these
// lie in the running kernel is put in at loading (CO-RE). Compiled at build time by clang for the target bpf.
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
  int pid, tgid, on_cpu;
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

struct bpf_iter_task {
  __u64 opaque[3];
};
enum { ALL_THREADS = 1 };  // BPF_TASK_ITER_ALL_THREADS: process by process, in the order of their births
extern int bpf_iter_task_new(struct bpf_iter_task* iterator, struct task_struct* task,
                             unsigned int which) __weak __ksym;
extern struct task_struct* bpf_iter_task_next(struct bpf_iter_task* iterator) __weak __ksym;
extern void bpf_iter_task_destroy(struct bpf_iter_task* iterator) __weak __ksym;
extern void* bpf_rdonly_cast(const void* address, __u32 type) __weak __ksym;
extern void bpf_rcu_read_lock(void) __weak __ksym;
extern void bpf_rcu_read_unlock(void) __weak __ksym;

// Threads of one pass that are remembered; what is beyond counts as moved each time.
#define SEEN_MAX 16384
// So many that have ended are passed over before one counts as new.
#define ENDED_MAX 64

// A thread at a pass.
struct Seen {
  __u64 task;  // where it lay: its number may be another's
  __u32 thread;
  __u32 threads;  // this and what follows up to cgroups: of a process's first thread only
  __u32 pages, swap_pages;
  __u64 ended_run_ns, name, cgroups, memory;
  __u32 minor_faults, major_faults;  // the lower halves
  __u64 run_ns, io_bytes;
};

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 2 * SEEN_MAX);  // of the pass before and of this one, in turn
  __type(key, __u32);
  __type(value, struct Seen);
} seen_threads SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, TASKS_LISTED_MAX);
  __type(key, __u32);
  __type(value, struct TaskRecord);
} listed_tasks SEC(".maps");

struct {
  __u64 session_id;
  __u32 number;
  __u32 before, next_before;  // how many were seen at the pass before, and which of them comes next
  __u32 now;                  // how many at this one
  __u32 listed;               // records in listed_tasks
  __u32 thread;               // that is looked for in the list of the pass before
  __u64 task;
} pass;

static struct Seen* seen_at(__u32 pass_number, __u32 index) {
  if (index >= SEEN_MAX) return 0;
  const __u32 place = (pass_number & 1) * SEEN_MAX + index;
  return bpf_map_lookup_elem(&seen_threads, &place);
}

static void begin_pass(void) {
  ++pass.number;
  pass.before = pass.now;
  pass.next_before = pass.now = pass.listed = 0;
}

static int is_wanted(const struct Seen* seen) {
  return seen->task == pass.task && seen->thread == pass.thread;
}

// Where in the list of the pass before the wanted thread is, which does not come next: those before it have
// ended. Not static, so that the verifier looks at it once, apart from all the ways to here.
__noinline int place_before(void) {
  for (__u32 i = 1; i <= ENDED_MAX; ++i) {
    const __u32 index = pass.next_before + i;
    const struct Seen* seen = index < pass.before ? seen_at(pass.number - 1, index) : 0;
    if (seen == 0) break;
    if (is_wanted(seen)) return index;
  }
  return -1;
}

// What this thread was at the pass before; null: it was not there.
static struct Seen* seen_before(struct task_struct* task) {
  pass.task = (__u64)task;
  pass.thread = task->pid;
  if (pass.next_before >= pass.before) return 0;
  struct Seen* next = seen_at(pass.number - 1, pass.next_before);
  if (next == 0 || is_wanted(next)) return next;
  const int place = place_before();
  if (place < 0) return 0;
  pass.next_before = place;
  return seen_at(pass.number - 1, place);
}

// A thread at this pass: what it will be compared with, and what is to be told of it.
struct Look {
  struct Seen now;
  struct TaskRecord record;
  int was_there;
  // Bits that are others than at the pass before: one test for all of a kind, so that the verifier has few ways
  // to follow.
  __u64 moved, io, elsewhere, memory;
};

// A field of Seen is this now; which bits of it are others.
#define RENEW(field, value)                \
  ({                                       \
    const __u64 value_before = (field);    \
    (field) = (value);                     \
    value_before ^ (field);                \
  })

// What each processor holds back may make a small count negative; /proc shows 0 then
// (percpu_counter_read_positive), and so is it here.
static __u64 positive(__s64 count) { return count > 0 ? count : 0; }

static void look_at_memory(struct Look* look, struct mm_struct* mm) {
  __u64 pages = 0, swap_pages = 0;
  if (mm != 0) {
    if (bpf_core_field_exists(mm->rss_stat[0].count)) {
      pages = positive(mm->rss_stat[0].count) + positive(mm->rss_stat[1].count) +
              positive(mm->rss_stat[3].count);
      swap_pages = positive(mm->rss_stat[2].count);
    } else {
      struct mm_struct___before* before = (struct mm_struct___before*)mm;
      pages = positive(before->rss_stat.count[0].counter) + positive(before->rss_stat.count[1].counter) +
              positive(before->rss_stat.count[3].counter);
      swap_pages = positive(before->rss_stat.count[2].counter);
    }
  }
  look->memory |= RENEW(look->now.pages, pages) | RENEW(look->now.swap_pages, swap_pages);
  if (look->now.memory != (__u64)mm) look->moved = 1;  // pointers have no bits for the verifier
  look->now.memory = (__u64)mm;
}

// What a thread does only when it runs.
static void look_at_doings(struct Look* look, struct task_struct* task) {
  look->record.minor_faults = (__u32)task->min_flt - look->now.minor_faults;
  look->record.major_faults = (__u32)task->maj_flt - look->now.major_faults;
  look->now.minor_faults += look->record.minor_faults;
  look->now.major_faults += look->record.major_faults;
  look->memory |= look->record.minor_faults | look->record.major_faults;
  if (bpf_core_field_exists(task->ioac.read_bytes))
    look->io |= RENEW(look->now.io_bytes, task->ioac.read_bytes + task->ioac.write_bytes);
}

static void look_at_name(struct Look* look, struct task_struct* task) {
  __u64 name[2] = {};
  bpf_core_read(name, sizeof(name), &task->comm);
  look->moved |= RENEW(look->now.name, name[0] * 31 + name[1]);
}

// Those that have ended may have read and written.
static void look_at_threads(struct Look* look, struct signal_struct* all) {
  const __u64 ended = RENEW(look->now.ended_run_ns, all->sum_sched_runtime);
  look->moved |= RENEW(look->now.threads, all->nr_threads) | ended;
  look->io |= ended;
}

static void look_at_process(struct Look* look, struct task_struct* task, int has_run) {
  if (has_run) look_at_name(look, task);
  // A thread that is the only one makes others only when it runs.
  if (has_run || look->now.threads != 1) look_at_threads(look, task->signal);
  // What others do to a sleeper, by reclaim or by moving it: a look now and then is enough.
  if (!has_run && ((look->now.thread + pass.number) & 3) != 0) return;
  if (look->now.cgroups != (__u64)task->cgroups) look->elsewhere = 1;
  look->now.cgroups = (__u64)task->cgroups;
  look_at_memory(look, task->mm);
}

static __always_inline void look_at(struct task_struct* task, struct Look* look) {
  *look = (struct Look){.record = {.process = task->tgid, .thread = task->pid}};
  const struct Seen* before = seen_before(task);
  if (before != 0) {
    look->was_there = 1;
    look->now = *before;
  } else {
    look->now.task = (__u64)task;
    look->now.thread = task->pid;
    look->moved = look->io = look->elsewhere = 1;
  }
  const __u64 ran_ns = task->se.sum_exec_runtime - look->now.run_ns;
  // The time of one that runs at this moment was brought up to date at the last clock tick.
  const int has_run = ran_ns != 0 || before == 0 || (bpf_core_field_exists(task->on_cpu) && task->on_cpu);
  look->now.run_ns += ran_ns;
  look->record.ran_us = (ran_ns + 999) / 1000;
  if (has_run) look_at_doings(look, task);
  if (look->record.process == look->record.thread) look_at_process(look, task, has_run);
  if (look->moved) look->record.what |= TASK_HAS_MOVED;
  if (look->io) look->record.what |= TASK_HAS_IO;
  if (look->elsewhere) look->record.what |= TASK_IS_ELSEWHERE;
  if (look->memory) look->record.what |= TASK_MEMORY_MOVED;
  look->record.resident_pages = look->now.pages;
}

static int is_to_be_told(const struct Look* look) {
  return look->record.process == look->record.thread || look->record.ran_us != 0;
}

static void remember(const struct Look* look) {
  if (look->was_there) ++pass.next_before;
  struct Seen* place = seen_at(pass.number, pass.now);
  if (place == 0) return;
  *place = look->now;
  ++pass.now;
}

SEC("iter/task")
int write_task(struct bpf_iter__task* context) {
  struct task_struct* task = context->task;
  if (task == 0) return 0;  // the end
  if (context->meta->session_id != pass.session_id) {
    pass.session_id = context->meta->session_id;
    begin_pass();
  }
  struct Look look;
  look_at(task, &look);
  // Where the reader's buffer is full, the kernel comes again with the same thread.
  if (!is_to_be_told(&look) || bpf_seq_write(context->meta->seq, &look.record, sizeof(look.record)) == 0)
    remember(&look);
  return 0;
}

// The thread that is wanted; returns whether there was room. Not static, as place_before(): so it takes no
// pointer, and makes one of the number.
__noinline int list_thread(void) {
  struct task_struct* task =
      bpf_rdonly_cast((const void*)pass.task, bpf_core_type_id_kernel(struct task_struct));
  struct Look look;
  look_at(task, &look);
  remember(&look);
  if (!is_to_be_told(&look)) return 1;
  const __u32 place = pass.listed;
  struct TaskRecord* record = bpf_map_lookup_elem(&listed_tasks, &place);
  if (record == 0) return 0;
  *record = look.record;
  ++pass.listed;
  return 1;
}

// Returns how many records were listed; -1: there was no room for all.
SEC("syscall")
int list_tasks(void* context) {
  struct bpf_iter_task threads;
  struct task_struct* thread;
  int has_room = 1;
  begin_pass();
  bpf_rcu_read_lock();
  bpf_iter_task_new(&threads, 0, ALL_THREADS);
  while (has_room && (thread = bpf_iter_task_next(&threads)) != 0) {
    if (thread->pid == 0) continue;  // what idles
    pass.task = (__u64)thread;
    has_room = list_thread();
  }
  bpf_iter_task_destroy(&threads);
  bpf_rcu_read_unlock();
  return has_room ? (int)pass.listed : -1;
}

// The helpers that read the kernel's memory are for programs under the GPL.
char LICENSE[] SEC("license") = "GPL";
