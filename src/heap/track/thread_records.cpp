// SPDX-License-Identifier: Apache-2.0
#include "heap/track/thread_records.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <cstdint>
#include <cstring>

#include "heap/track/change_log.h"
#include "heap/track/format.h"
#include "heap/track/modules.h"
#include "heap/track/os.h"
#include "heap/track/thread_record.h"
#include "heap/track/unwinder.h"

namespace ullage::heap::track {

void ThreadRecords::begin(void (*at_thread_end)(void*)) {
  has_key_ = ::pthread_key_create(&at_thread_end_, at_thread_end) == 0;
}

void ThreadRecords::after_fork() {
  ++process_;
  lock_.unlock();
  free_ = nullptr;
}

ThreadRecord* ThreadRecords::take(ChangeLog& log) {
  {
    const Locked locked(lock_);
    if (ThreadRecord* record = free_; record != nullptr) {
      free_ = record->next_free;
      return record;
    }
  }
  auto* record = static_cast<ThreadRecord*>(map_memory(sizeof(ThreadRecord)));
  if (record == nullptr || log.equip(*record)) return record;
  unmap_memory(record, sizeof(ThreadRecord));
  return nullptr;
}

ThreadRecord* ThreadRecords::take_for_this_thread(ChangeLog& log, Modules& modules) {
  if (ThreadRecord* of_the_parent = here.record; of_the_parent != nullptr) {
    here.record = nullptr;
    unmap_memory(of_the_parent, sizeof(ThreadRecord));
  }
  ThreadRecord* record = take(log);
  if (record == nullptr) return nullptr;
  record->process = process_;
  char name[16] = {};
  ::prctl(PR_GET_NAME, name);
  const auto number = modules.number_of_thread(name);
  const file::PackedFrame frame = file::own_frame(file::OwnFrame::thread, number);
  if (record->frame != frame)
    std::memset(record->known, 0, sizeof record->known);  // their nodes are under the other
  record->frame = frame;
  record->mean_exponent = record->next_mean_exponent = 0;
  record->stack.count = 0;
  record->stack_end = own_stack_end();
  record->head->thread = static_cast<std::uint32_t>(kernel_call(SYS_gettid));
  here.record = record;
  if (has_key_) ::pthread_setspecific(at_thread_end_, record);
  return record;
}

void ThreadRecords::give_back(ThreadRecord& record) {
  record.head->thread = 0;
  const Locked locked(lock_);
  record.next_free = free_;
  free_ = &record;
}

// In place: a thread may have no room for another one on its stack.
void ThreadRecords::forget_registers() {
  const auto forget = [](Stack& stack) { std::memset(static_cast<void*>(&stack), 0, sizeof stack); };
  if (here.record != nullptr) forget(here.record->stack);
  const Locked locked(lock_);
  for (ThreadRecord* record = free_; record != nullptr; record = record->next_free) forget(record->stack);
}

}  // namespace ullage::heap::track
