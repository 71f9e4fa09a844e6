// SPDX-License-Identifier: Apache-2.0
// The small files of a process: io, schedstat and smaps_rollup (Linux Documentation/filesystems/proc.rst and
// Documentation/scheduler/sched-stats.rst). Pure.
#pragma once

#include <string_view>

#include "sense/sample.h"

namespace ullage::sense {

// /proc/PID/io, of all threads, the ended ones too. Only what went to or came from storage: rchar and wchar
// count the page cache and pipes.
struct ProcIo {
  OptionalBytes read_bytes, written_bytes;
};
ProcIo parse_proc_io(std::string_view text);

// "971522 56542 1": nanoseconds on a processor, nanoseconds runnable and waiting, times scheduled; of one
// thread.
OptionalSeconds parse_run_queue_wait(std::string_view schedstat);

// /proc/PID/smaps_rollup: each page divided by the number of its mappers.
struct Proportional {
  OptionalBytes all_bytes;   // Pss
  OptionalBytes used_bytes;  // Pss_Anon + Pss_Shmem + SwapPss: needs Linux 5.9 for the split
};
Proportional parse_smaps_rollup(std::string_view text);

}  // namespace ullage::sense
