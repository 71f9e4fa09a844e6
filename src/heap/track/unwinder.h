// SPDX-License-Identifier: Apache-2.0
// The stack of a call, from the innermost frame to the outermost. Each return address is looked up once: what
// module it is in and how to get from it to its caller are remembered, so that a known frame costs a few
// nanoseconds with or without frame pointers. Nothing is allocated, no lock is taken for a known address.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/modules.h"
#include "heap/track/os.h"
#include "heap/track/unwind_rule.h"

namespace ullage::heap::track {

// The caller's registers at the return from a function whose frame pointer is set up:
// __builtin_frame_address(0).
struct CallerFrame {
  std::uintptr_t place, stack_pointer, frame_pointer;

  static CallerFrame of(const void* frame_address) {
    const auto* saved = static_cast<const std::uintptr_t*>(frame_address);
    return {saved[1], reinterpret_cast<std::uintptr_t>(saved + 2), saved[0]};
  }
};

constexpr std::size_t kFramesMax = 256;

struct Stack {
  std::size_t count = 0;
  bool is_cut = false;     // there were more
  std::uint64_t hash = 0;  // of all frames
  file::PackedFrame frames[kFramesMax];
};

class Unwinder {
 public:
  explicit constexpr Unwinder(Modules& modules) : modules_(modules) {}

  // `stack_end`: up to where the thread's own stack goes, which bounds what is read where no rule leads on.
  void walk(CallerFrame from, std::uintptr_t stack_end, Stack& into);
  // After modules were unloaded: nothing of theirs is remembered.
  void forget_all();
  // After a fork: the lock may have been held by a thread that is not here.
  void after_fork() { lock_.unlock(); }

 private:
  // A return address that was seen. Filled in before `address` is set, and never changed.
  struct Known {
    std::atomic<std::uintptr_t> address;
    file::PackedFrame frame;
    UnwindRule rule;
    std::uint64_t unused;
  };
  static_assert(sizeof(Known) == 32);
  struct Table {
    Known* entries;
    std::size_t mask;
    std::atomic<std::size_t> count;
  };
  struct Found {
    file::PackedFrame frame;
    UnwindRule rule;
  };

  static const Known* look_up(const Table* table, std::uintptr_t address);
  Found find(std::uintptr_t address, bool is_exact);
  void remember(std::uintptr_t address, const Found& found);
  Table* make_table(std::size_t capacity);
  static void put(Table& table, std::uintptr_t address, const Found& found);

  Modules& modules_;
  SpinLock lock_;
  std::atomic<Table*> table_{nullptr};
};

}  // namespace ullage::heap::track
