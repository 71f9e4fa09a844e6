// SPDX-License-Identifier: Apache-2.0
#include "heap/track/unwinder.h"

#include <ucontext.h>

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

// One step outwards, by a rule. False where it would not lead outwards. With an end, nothing is read but what
// lies between the stack pointer and there.
bool step(const UnwindRule& rule, std::uintptr_t end, CallerFrame& frame) {
  using Cfa = UnwindRule::Cfa;
  using Saved = UnwindRule::SavedFramePointer;
  const auto is_readable = [&](std::uintptr_t address) {
    return end == 0 || (address >= frame.stack_pointer && address + sizeof address <= end);
  };
  std::uintptr_t cfa = 0;
  switch (rule.cfa) {
    case Cfa::stack_pointer:
      cfa = frame.stack_pointer + static_cast<std::uintptr_t>(std::intptr_t{rule.cfa_offset});
      break;
    case Cfa::frame_pointer:
      cfa = frame.frame_pointer + static_cast<std::uintptr_t>(std::intptr_t{rule.cfa_offset});
      break;
    case Cfa::at_frame_pointer:
      cfa = frame.frame_pointer + static_cast<std::uintptr_t>(std::intptr_t{rule.cfa_offset});
      if (!is_readable(cfa)) return false;
      cfa = at(cfa);
      break;
    case Cfa::procedure_linkage:
      cfa = frame.stack_pointer + static_cast<std::uintptr_t>(std::intptr_t{rule.cfa_offset}) +
            ((frame.place & 15) >= 11 ? 8 : 0);
      break;
    default:
      return false;
  }
  if (cfa <= frame.stack_pointer || (cfa & 7) != 0 || !is_readable(cfa - 8)) return false;
  if (rule.saved != Saved::unchanged) {
    const std::uintptr_t base = rule.saved == Saved::below_cfa ? cfa : frame.frame_pointer;
    const std::uintptr_t saved = base + static_cast<std::uintptr_t>(std::intptr_t{rule.saved_offset});
    if (!is_readable(saved)) return false;
    frame.frame_pointer = at(saved);
  }
  frame.place = at(cfa - 8);
  frame.stack_pointer = cfa;
  return true;
}

// Code without a rule may keep to frame pointers. Only what lies on the thread's own stack is believed.
bool step_by_frame_pointer(std::uintptr_t end, CallerFrame& frame) {
  const std::uintptr_t pointer = frame.frame_pointer;
  if ((pointer & 7) != 0 || pointer < frame.stack_pointer || pointer + 16 > end) return false;
  frame.place = at(pointer + 8);
  frame.frame_pointer = at(pointer);
  frame.stack_pointer = pointer + 16;
  return true;
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

void Unwinder::walk(CallerFrame from, std::uintptr_t stack_end, Stack& into) {
  std::size_t count = 0;
  std::uint64_t hash = 0;
  bool is_whole = false;
  bool is_exact = false;
  std::uintptr_t end = 0;  // once it is a guess that leads on
  while (count < kFramesMax) {
    if (from.place < file::kPage) {  // the outermost of a thread that clone has started
      is_whole = true;
      break;
    }
    const Table* table = table_.load(std::memory_order_acquire);
    const Known* known = is_exact ? nullptr : look_up(table, from.place);
    const Found found = known != nullptr ? Found{known->frame, known->rule} : find(from.place, is_exact);
    into.frames[count++] = found.frame;
    hash = (hash ^ found.frame) * kMultiplier;
    hash ^= hash >> 29;
    is_exact = false;
    if (found.rule.cfa == UnwindRule::Cfa::outermost) {
      is_whole = true;
      break;
    }
#if defined(__x86_64__)
    if (found.rule.cfa == UnwindRule::Cfa::signal) {
      step_out_of_signal(from);
      is_exact = true;
      continue;
    }
#endif
    if (found.rule.cfa == UnwindRule::Cfa::none) {
      end = stack_end;
      if (!step_by_frame_pointer(end, from)) break;
    } else if (!step(found.rule, end, from)) {
      break;
    }
  }
  into.count = count;
  into.is_cut = !is_whole;
  into.hash = hash;
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
  table_.store(nullptr, std::memory_order_release);
}

}  // namespace ullage::heap::track
