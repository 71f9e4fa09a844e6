// SPDX-License-Identifier: Apache-2.0
// Hands each thread its record, with its first recorded event, and takes it back at the thread's end for
// another. What the thread has counted by then is its caller's to log.
#pragma once

#include <pthread.h>

#include <cstdint>

#include "heap/track/change_log.h"
#include "heap/track/modules.h"
#include "heap/track/os.h"
#include "heap/track/thread_record.h"

namespace ullage::heap::track {

class ThreadRecords {
 public:
  // `at_thread_end` is called with the record of each thread that ends.
  void begin(void (*at_thread_end)(void*));
  // In the child, whose only thread has a copy of its parent's record: all are anew.
  void after_fork();

  std::uint32_t process() const { return process_; }
  // This thread's. Null where there is no room for one.
  ThreadRecord* own(ChangeLog& log, Modules& modules) {
    if (here.record != nullptr && here.record->process == process_) return here.record;
    return take_for_this_thread(log, modules);
  }
  void give_back(ThreadRecord& record);
  // What was read of the program's registers in walks points to its blocks, for nobody.
  void forget_registers();

 private:
  ThreadRecord* take_for_this_thread(ChangeLog& log, Modules& modules);
  ThreadRecord* take(ChangeLog& log);

  SpinLock lock_;
  ThreadRecord* free_ = nullptr;
  pthread_key_t at_thread_end_ = 0;
  bool has_key_ = false;
  std::uint32_t process_ = 1;  // one more in each forked child
};

}  // namespace ullage::heap::track
