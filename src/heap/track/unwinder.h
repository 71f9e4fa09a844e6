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

// A thread's last walk, and what the next one is compared with: callers that are still in the midst of the
// same call are recognised by what lies on the stack, which is faster than to walk there.
struct Stack {
  struct Walked {
    std::uintptr_t place, stack_pointer, frame_pointer;
    std::uintptr_t saved_at;  // where its frame pointer was read; 0: it is as in the frame that was called
    bool is_plain;            // its registers lay where a later walk can look for them
    // What the way from here to its caller does with the frame pointer: whether its value here matters
    // follows from that.
    enum class Pointer : std::uint8_t { passes, uses, restores } pointer;
    bool needs_pointer;
    file::PackedFrame frame;
    std::uint64_t hash;  // of all frames from the outermost up to here
  };
  std::size_t count = 0;
  bool is_cut = false;  // there were more, or no way on was known
  std::uint32_t generation = 0;
  Walked frames[kFramesMax];  // the outermost first
  Walked fresh[kFramesMax];   // of the walk that is going on, the innermost first; threads may have little
                              // stack to spare

  std::uint64_t hash() const { return count == 0 ? 0 : frames[count - 1].hash; }
};

class Unwinder {
 public:
  explicit constexpr Unwinder(Modules& modules) : modules_(modules) {}

  // `stack` is the thread's last one. `stack_end`: up to where the thread's own stack goes, which bounds what
  // is read where no rule leads on.
  void walk(const CallerFrame& from, std::uintptr_t stack_end, Stack& stack);
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

  // The state of a walk: where it is, and how it came there from the frame that was called.
  struct Step {
    CallerFrame at;
    std::uintptr_t saved_at = 0;
    bool is_plain = false;
    bool is_exact = false;           // an interrupted instruction, not one that is returned to
    std::uintptr_t guessed_end = 0;  // once no rule leads on: nothing is read beyond
  };
  enum class Way { on, whole, cut };
  static bool follow(const UnwindRule& rule, Step& step);
  static bool follow_frame_pointer(std::uintptr_t end, Step& step);
  Way take_step(std::uintptr_t stack_end, Step& step, Stack::Walked& walked);
  static std::size_t still_there(const Stack& stack, std::size_t inner);
  static const Known* look_up(const Table* table, std::uintptr_t address);
  Found find(std::uintptr_t address, bool is_exact);
  void remember(std::uintptr_t address, const Found& found);
  Table* make_table(std::size_t capacity);
  static void put(Table& table, std::uintptr_t address, const Found& found);

  Modules& modules_;
  SpinLock lock_;
  std::atomic<Table*> table_{nullptr};
  std::atomic<std::uint32_t> generation_{1};
};

}  // namespace ullage::heap::track
