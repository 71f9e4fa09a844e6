// SPDX-License-Identifier: Apache-2.0
#include "heap/track/unwinder.h"

#include <ucontext.h>  // NOLINT(misc-include-cleaner): by way of <bits/…>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/modules.h"
#include "heap/track/os.h"
#include "heap/track/unwind_rule.h"

namespace ullage::heap::track {

namespace {

constexpr std::size_t kFirstCapacity = 1 << 13;
constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15;

std::uintptr_t at(std::uintptr_t address) { return *reinterpret_cast<const std::uintptr_t*>(address); }

std::size_t spread(std::uintptr_t address) { return (address * kMultiplier) >> 32; }

Stack::Walked::Pointer pointer_use(const UnwindRule& rule) {
  using Pointer = Stack::Walked::Pointer;
  using Saved = UnwindRule::SavedFramePointer;
  if (rule.cfa == UnwindRule::Cfa::stack_pointer || rule.cfa == UnwindRule::Cfa::procedure_linkage)
    return rule.saved == Saved::unchanged              ? Pointer::passes
           : rule.saved == Saved::beside_frame_pointer ? Pointer::uses
                                                       : Pointer::restores;
  return rule.cfa == UnwindRule::Cfa::outermost ? Pointer::passes : Pointer::uses;
}

#if defined(__x86_64__)
// The kernel has laid the interrupted registers down where the handler returns to
// (arch/x86/kernel/signal_64.c).
void step_out_of_signal(CallerFrame& frame) {
  const auto* context = reinterpret_cast<const ucontext_t*>(frame.stack_pointer);
  frame.place = static_cast<std::uintptr_t>(context->uc_mcontext.gregs[REG_RIP]);
  frame.frame_pointer = static_cast<std::uintptr_t>(context->uc_mcontext.gregs[REG_RBP]);
  frame.stack_pointer = static_cast<std::uintptr_t>(context->uc_mcontext.gregs[REG_RSP]);
}
#endif

}  // namespace

// One step outwards, by a rule. False where it would not lead outwards.
bool Unwinder::follow(const UnwindRule& rule, Step& step) {
  using Cfa = UnwindRule::Cfa;
  using Saved = UnwindRule::SavedFramePointer;
  CallerFrame& frame = step.at;
  const auto is_readable = [&](std::uintptr_t address) {
    return step.guessed_end == 0 ||
           (address >= frame.stack_pointer && address + sizeof address <= step.guessed_end);
  };
  const auto offset = static_cast<std::uintptr_t>(std::intptr_t{rule.cfa_offset});
  step.is_plain = step.guessed_end == 0;
  std::uintptr_t cfa = 0;
  switch (rule.cfa) {
    case Cfa::stack_pointer:
      cfa = frame.stack_pointer + offset;
      break;
    case Cfa::frame_pointer:
      cfa = frame.frame_pointer + offset;
      break;
    case Cfa::at_frame_pointer:
      if (!is_readable(frame.frame_pointer + offset)) return false;
      cfa = at(frame.frame_pointer + offset);
      step.is_plain = false;
      break;
    case Cfa::procedure_linkage:
      cfa = frame.stack_pointer + offset + ((frame.place & 15) >= 11 ? 8 : 0);
      break;
    default:
      return false;
  }
  if (cfa <= frame.stack_pointer || (cfa & 7) != 0 || !is_readable(cfa - 8)) return false;
  step.saved_at = 0;
  if (rule.saved != Saved::unchanged) {
    const std::uintptr_t base = rule.saved == Saved::below_cfa ? cfa : frame.frame_pointer;
    step.saved_at = base + static_cast<std::uintptr_t>(std::intptr_t{rule.saved_offset});
    if (!is_readable(step.saved_at)) return false;
    frame.frame_pointer = at(step.saved_at);
  }
  frame.place = at(cfa - 8);
  frame.stack_pointer = cfa;
  return true;
}

// Code without a rule may keep to frame pointers. Only what lies on the thread's own stack is believed.
bool Unwinder::follow_frame_pointer(std::uintptr_t end, Step& step) {
  CallerFrame& frame = step.at;
  const std::uintptr_t pointer = frame.frame_pointer;
  if ((pointer & 7) != 0 || pointer < frame.stack_pointer || pointer + 16 > end) return false;
  step = {.at = {at(pointer + 8), pointer + 16, at(pointer)}, .guessed_end = end};
  return true;
}

Unwinder::Way Unwinder::take_step(std::uintptr_t stack_end, Step& step, Stack::Walked& walked) {
  const Known* known =
      step.is_exact ? nullptr : look_up(table_.load(std::memory_order_acquire), step.at.place);
  const Found found =
      known != nullptr ? Found{known->frame, known->rule} : find(step.at.place, step.is_exact);
  walked.frame = found.frame;
  walked.pointer = pointer_use(found.rule);
  step.is_exact = false;
  switch (found.rule.cfa) {
    case UnwindRule::Cfa::outermost:
      return Way::whole;
    case UnwindRule::Cfa::none:
      if (!follow_frame_pointer(stack_end, step)) return Way::cut;
      break;
    case UnwindRule::Cfa::signal:
#if defined(__x86_64__)
      step_out_of_signal(step.at);
      step.is_plain = false;
      step.is_exact = true;
      break;
#else
      return Way::cut;
#endif
    default:
      if (!follow(found.rule, step)) return Way::cut;
  }
  return step.at.place < file::kPage ? Way::whole : Way::on;  // 0: what clone has started
}

// Of the last walk's frames from `inner` outwards, how many lie on the stack as they did: their number from
// the outermost of them on. What a frame's registers are follows from the frame that it called and from what
// that one has saved, which is read again.
std::size_t Unwinder::still_there(const Stack& stack, std::size_t inner) {
  for (std::size_t i = inner; i > 0; --i) {
    const Stack::Walked& caller = stack.frames[i - 1];
    if (!caller.is_plain || at(caller.stack_pointer - 8) != caller.place ||
        (caller.needs_pointer && caller.saved_at != 0 && at(caller.saved_at) != caller.frame_pointer))
      return i;
  }
  return 0;
}

void Unwinder::walk(const CallerFrame& from, std::uintptr_t stack_end, Stack& stack) {
  const std::uint32_t generation = generation_.load(std::memory_order_acquire);
  if (stack.generation != generation || stack.is_cut) stack.count = 0;
  stack.generation = generation;
  std::size_t fresh_count = 0;
  std::size_t kept = stack.count;  // of the last walk, from the outermost
  Step step{.at = from};
  Way way = Way::on;
  while (way == Way::on) {
    while (kept > 0 && stack.frames[kept - 1].stack_pointer < step.at.stack_pointer) --kept;
    if (kept > 0) {
      const Stack::Walked& last = stack.frames[kept - 1];
      const bool is_same = last.stack_pointer == step.at.stack_pointer && last.place == step.at.place &&
                           (!last.needs_pointer || last.frame_pointer == step.at.frame_pointer) &&
                           !step.is_exact;
      if (is_same && still_there(stack, kept - 1) == 0) {
        way = Way::whole;
        break;
      }
    }
    if (fresh_count == kFramesMax) {
      way = Way::cut;
      break;
    }
    Stack::Walked& walked = stack.fresh[fresh_count++];
    walked.place = step.at.place;
    walked.stack_pointer = step.at.stack_pointer;
    walked.frame_pointer = step.at.frame_pointer;
    walked.saved_at = step.saved_at;
    walked.is_plain = step.is_plain;
    way = take_step(stack_end, step, walked);
    if (way != Way::on) kept = 0;
  }
  if (kept + fresh_count > kFramesMax) kept = 0, way = Way::cut;
  std::uint64_t hash = kept == 0 ? 0 : stack.frames[kept - 1].hash;
  bool caller_needs_pointer = kept > 0 && stack.frames[kept - 1].needs_pointer;
  for (std::size_t i = fresh_count; i > 0; --i) {
    Stack::Walked& to = stack.frames[kept + fresh_count - i];
    to = stack.fresh[i - 1];
    to.needs_pointer = to.pointer == Stack::Walked::Pointer::uses ||
                       (to.pointer == Stack::Walked::Pointer::passes && caller_needs_pointer);
    caller_needs_pointer = to.needs_pointer;
    hash = (hash ^ to.frame) * kMultiplier;
    to.hash = hash ^= hash >> 29;
  }
  stack.count = kept + fresh_count;
  stack.is_cut = way == Way::cut;
}

const Unwinder::Known* Unwinder::look_up(const Table* table, std::uintptr_t address) {
  if (table == nullptr) return nullptr;
  for (std::size_t i = spread(address);; ++i) {
    const Known& entry = table->entries[i & table->mask];
    const std::uintptr_t there = entry.address.load(std::memory_order_acquire);
    if (there == address) return &entry;
    if (there == 0) return nullptr;
  }
}

Unwinder::Found Unwinder::find(std::uintptr_t address, bool is_exact) {
  // A call may be the last instruction of its function: what it returns to is then another's.
  const std::uintptr_t place = is_exact ? address : address - 1;
  const Modules::Place in_module = modules_.find(place);
  Found found{in_module.frame + 1, find_rule(in_module.eh_frame_header, place)};
  if (!is_exact) remember(address, found);
  return found;
}

void Unwinder::remember(std::uintptr_t address, const Found& found) {
  const Locked locked(lock_);
  Table* table = table_.load(std::memory_order_relaxed);
  if (table == nullptr || table->count * 2 > table->mask) {
    Table* larger = make_table(table == nullptr ? kFirstCapacity : 4 * (table->mask + 1));
    if (larger == nullptr) return;
    // The old one stays: another thread may be reading it.
    for (std::size_t i = 0; table != nullptr && i <= table->mask; ++i) {
      const Known& entry = table->entries[i];
      if (entry.address != 0) put(*larger, entry.address, {entry.frame, entry.rule});
    }
    table_.store(larger, std::memory_order_release);
    table = larger;
  }
  put(*table, address, found);
}

void Unwinder::put(Table& table, std::uintptr_t address, const Found& found) {
  for (std::size_t i = spread(address);; ++i) {
    Known& entry = table.entries[i & table.mask];
    const std::uintptr_t there = entry.address.load(std::memory_order_relaxed);
    if (there == address) return;
    if (there != 0) continue;
    entry.frame = found.frame;
    entry.rule = found.rule;
    entry.address.store(address, std::memory_order_release);
    ++table.count;
    return;
  }
}

Unwinder::Table* Unwinder::make_table(std::size_t capacity) {
  auto* table = static_cast<Table*>(map_memory(sizeof(Table) + 64 + capacity * sizeof(Known)));
  if (table == nullptr) return nullptr;
  const auto after = reinterpret_cast<std::uintptr_t>(table + 1);
  table->entries = reinterpret_cast<Known*>((after + 63) / 64 * 64);
  table->mask = capacity - 1;
  return table;
}

void Unwinder::forget_all() {
  const Locked locked(lock_);
  generation_.fetch_add(1, std::memory_order_acq_rel);
  table_.store(nullptr, std::memory_order_release);
}

}  // namespace ullage::heap::track
