// SPDX-License-Identifier: Apache-2.0
#include "heap/track/recorder.h"

#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "heap/track/change_log.h"
#include "heap/track/exit_scan.h"
#include "heap/track/format.h"
#include "heap/track/heap_file.h"
#include "heap/track/live_blocks.h"
#include "heap/track/mappings.h"
#include "heap/track/modules.h"
#include "heap/track/options.h"
#include "heap/track/os.h"
#include "heap/track/own_process.h"
#include "heap/track/sampling.h"
#include "heap/track/slots.h"
#include "heap/track/stack_tree.h"
#include "heap/track/thread_record.h"
#include "heap/track/thread_records.h"
#include "heap/track/unwinder.h"

namespace ullage::heap::track {

thread_local constinit ThreadLocal here __attribute__((tls_model("initial-exec"))) = {};
std::uintptr_t looked_up_unless = ~std::uintptr_t{0};

namespace recorder {

namespace {

constexpr std::int64_t kWindowNs = 125'000'000;
constexpr std::uint32_t kWindowsPerSecond = 8;
constexpr std::uint32_t kExponentMax = 30;
constexpr std::uint64_t kSeed = 0x9E3779B97F4A7C15;

// ready: what is asked is known, and nothing was recorded yet.
enum class State : int { unstarted, starting, ready, on, off };

struct Recorder {
  std::atomic<State> state{State::unstarted};
  Options options;
  HeapFile file;
  Modules modules;
  Unwinder unwinder{modules};
  StackTree stacks;
  LiveBlocks live;
  Mappings mappings;
  ChangeLog log;
  Slots slots;

  ThreadRecords records;
  // How many sampled blocks have an address of this hash: what may be looked up without a lock.
  std::atomic<std::uint8_t> sampled_at[1 << 14];
  OwnProcess own_process;
};

// Never destroyed: there are allocations after the last destructor.
constinit Recorder one;

std::atomic<std::uint8_t>& sampled_at(std::uintptr_t address) {
  return one.sampled_at[(address * kSeed) >> 50];
}

bool is_this_process() { return one.own_process.is_marked(); }

void release_record(void* pointer) {
  const Busy busy;
  auto* record = static_cast<ThreadRecord*>(pointer);
  const bool is_known = here.record == record;  // else it is gone, and there was no room for another
  here.record = nullptr;
  if (!is_known || !is_this_process() || one.state != State::on || record->process != one.records.process())
    return;
  one.log.flush(*record, one.slots);
  one.slots.live_changed(record->untold_bytes, clock_ns(CLOCK_MONOTONIC_COARSE));
  record->untold_bytes = 0;
  one.records.give_back(*record);
}

ThreadRecord* own_record() { return one.records.own(one.log, one.modules); }

bool begin_file() {
  if (!one.file.begin()) return false;
  one.file.write_header(one.options);
  one.modules.write_to(one.file);
  one.live.write_to(one.file);
  one.mappings.write_to(one.file);
  one.log.write_to(one.file);
  one.slots.write_to(*one.file.header(), one.file.header()->started_monotonic_ns);
  return one.stacks.write_to(one.file) && one.own_process.mark();
}

bool begin() {
  // The parent's, which had recorded nothing before it forked, or whose copy begin_after_fork() has left.
  const bool is_forked = !is_this_process();
  if (is_forked) one.file.abandon();
  if (!one.file.is_made() && !one.file.make(one.options.folder, one.options.file_bytes_max)) return false;
  if (!begin_file()) {
    one.file.tell_of_no_room();
    return false;
  }
  one.file.header()->is_forked = is_forked ? 1 : 0;
  return true;
}

// Sampled blocks are told by their places still: they were made otherwise than asked for (hooks_new.cpp).
void give_up() {
  if (one.options.is_exact) looked_up_unless = ~std::uintptr_t{0};
  one.state = State::off;
}

void get_ready() {
  State expected = State::unstarted;
  if (!one.state.compare_exchange_strong(expected, State::starting)) return;
  if (!parse_options(::getenv("ULLAGE_HEAP"), one.options) ||
      !one.file.make(one.options.folder, one.options.file_bytes_max) || !one.own_process.mark())
    return give_up();
  program_path();
  remember_first_thread();
  one.records.begin(release_record);
  looked_up_unless = one.options.is_exact ? 0 : kSampledPlaces;
  one.state = State::ready;
}

void begin_first() {
  State expected = State::ready;
  if (!one.state.compare_exchange_strong(expected, State::starting)) return;
  if (!begin()) return give_up();
  one.state = State::on;
}

// A child that was forked has copies of all that its parent has recorded, and maps its file. Of the parent's
// threads only the one that has forked is here; the locks may have been held by others. The child's own
// threads record nothing until this has ended.
void begin_after_fork() {
  one.state = State::starting;
  one.records.after_fork();
  one.unwinder.after_fork();
  one.modules.after_fork();
  for (auto& count : one.sampled_at) count.store(0, std::memory_order_relaxed);
  if (!begin()) return give_up();
  one.state = State::on;
}

void lose(std::atomic<std::uint64_t> file::Losses::* cause) {
  (one.file.header()->losses.*cause).fetch_add(1, std::memory_order_relaxed);
}

double mean_of(std::uint32_t exponent) {
  return static_cast<double>(one.options.mean_bytes) * static_cast<double>(std::uint64_t{1} << exponent);
}

Weight weight_of(std::uint64_t size, std::uint32_t exponent) {
  return one.options.is_exact ? Weight{} : weigh(size, mean_of(exponent));
}

// At each event: one of them may come long after the other, and belongs to another slot.
void look_at_clock() { one.slots.look_at_clock(clock_ns(CLOCK_MONOTONIC_COARSE)); }

void tell_live(ThreadRecord& record, double bytes) {
  record.untold_bytes += static_cast<std::int64_t>(bytes);
  const std::int64_t untold = record.untold_bytes < 0 ? -record.untold_bytes : record.untold_bytes;
  if (untold < one.slots.worth_telling()) return;
  one.slots.live_changed(record.untold_bytes, clock_ns(CLOCK_MONOTONIC_COARSE));
  record.untold_bytes = 0;
}

void count_allocated(ThreadRecord& record, std::uint32_t node, std::uint64_t bytes, const Weight& weight) {
  file::Change* change = one.log.of(record, node, one.slots);
  if (change == nullptr) return lose(&file::Losses::no_room);
  ++change->samples;
  change->allocated_count += weight.count;
  change->allocated_bytes += weight.count * static_cast<double>(bytes);
  change->allocated_variance += static_cast<float>(weight.variance);
}

void count_freed(ThreadRecord& record, std::uint32_t node, std::uint64_t bytes, const Weight& weight,
                 bool is_temporary) {
  file::Change* change = one.log.of(record, node, one.slots);
  if (change == nullptr) return lose(&file::Losses::no_room);
  change->freed_count += weight.count;
  change->freed_bytes += weight.count * static_cast<double>(bytes);
  change->freed_variance += static_cast<float>(weight.variance);
  if (is_temporary) change->temporary_count += weight.count;
}

std::uint32_t find_node(ThreadRecord& record, const CallerFrame& from, file::PackedFrame leaf) {
  Stack& stack = record.stack;
  one.unwinder.walk(from, record.stack_end, stack);
  if (stack.is_cut) lose(&file::Losses::cut_stacks);
  const std::uint64_t hash = (stack.hash() ^ leaf) * kSeed | 1;
  ThreadRecord::KnownStacks& known = record.known[hash >> 53];
  static_assert(ThreadRecord::kKnownStacks == std::size_t{1} << 11);
  for (const ThreadRecord::KnownStack& one_known : known.ways)
    if (one_known.hash == hash) return one_known.node;
  const std::uint32_t node = one.stacks.find_or_add(record.frame, stack, leaf);
  known.ways[(hash >> 8) % ThreadRecord::kWays] = {hash, node};
  return node;
}

// Fewer samples a thread and second than are allowed: twice the mean, and back when they have become few.
void adapt_mean(ThreadRecord& record) {
  if (one.options.samples_per_second == 0) return;
  const std::int64_t now = clock_ns(CLOCK_MONOTONIC_COARSE);
  const std::uint32_t allowed = one.options.samples_per_second / kWindowsPerSecond + 1;
  ++record.window_samples;
  const std::int64_t passed = now - record.window_begin_ns;
  if (record.window_samples > allowed && passed < kWindowNs) {
    if (record.next_mean_exponent < kExponentMax) ++record.next_mean_exponent;
    lose(&file::Losses::raised_means);
  } else if (passed < kWindowNs) {
    return;
  } else if (record.window_samples < allowed / 4 && record.next_mean_exponent > 0) {
    --record.next_mean_exponent;
  }
  record.window_begin_ns = now;
  record.window_samples = 0;
}

void draw_next(std::uint32_t exponent) {
  if (here.random == 0)
    here.random =
        (reinterpret_cast<std::uintptr_t>(&here) ^ static_cast<std::uint64_t>(clock_ns(CLOCK_MONOTONIC))) *
            kSeed |
        1;
  here.countdown += draw_distance(here.random, one.options.mean_bytes << exponent);
}

bool block_freed(ThreadRecord& record, std::uintptr_t address, file::BlockValues& block) {
  if (!one.live.take(address, block)) return false;
  if (!one.options.is_exact) sampled_at(address).fetch_sub(1, std::memory_order_relaxed);
  look_at_clock();
  const Weight weight = weight_of(block.size, block.mean_exponent);
  // Told first: where this ends the slot, as one of the greatest extent, the block still belongs to it.
  tell_live(record, -weight.count * static_cast<double>(block.size));
  count_freed(record, block.node, block.size, weight, record.has_lately_allocated(address));
  return true;
}

enum class Birth : std::uint8_t { now, before };

void put(ThreadRecord& record, file::BlockValues block, Birth birth) {
  if (!one.options.is_exact) sampled_at(block.address).fetch_add(1, std::memory_order_relaxed);
  // Counted first: what the log holds decides the slot.
  const Weight weight = weight_of(block.size, block.mean_exponent);
  count_allocated(record, block.node, block.size, weight);
  if (birth == Birth::now) block.birth_slot = record.slot;
  file::BlockValues before;
  const LiveBlocks::Added added = one.live.add(block, before);
  double change = weight.count * static_cast<double>(block.size);
  if (added == LiveBlocks::Added::instead_of_another) {
    const Weight weight_before = weight_of(before.size, before.mean_exponent);
    count_freed(record, before.node, before.size, weight_before, false);
    change -= weight_before.count * static_cast<double>(before.size);
  } else if (added == LiveBlocks::Added::no_room) {
    // So that nothing seems to live which nobody would see freed.
    count_freed(record, block.node, block.size, weight, false);
    change = 0;
    lose(&file::Losses::no_room);
    if (!one.options.is_exact && record.next_mean_exponent < kExponentMax) ++record.next_mean_exponent;
  }
  if (added != LiveBlocks::Added::is_new && !one.options.is_exact)
    sampled_at(block.address).fetch_sub(1, std::memory_order_relaxed);
  tell_live(record, change);
}

bool is_memory(std::uint32_t node) {
  return file::is_own(one.stacks.frame_of(node), file::OwnFrame::anonymous);
}

void put_mapping(ThreadRecord& record, file::Mapping mapping, Mapped what, const CallerFrame& from) {
  const std::uint64_t bytes = mapping.end - mapping.begin;
  const auto kind = what == Mapped::file ? file::OwnFrame::file : file::OwnFrame::anonymous;
  mapping.node = what == Mapped::reserved
                     ? file::kRoot
                     : find_node(record, from, file::own_frame(kind, file::size_class(bytes)));
  mapping.birth_slot = one.slots.current();
  if (!one.mappings.add(mapping)) return lose(&file::Losses::no_room);
  if (what == Mapped::reserved) return;
  count_allocated(record, mapping.node, bytes, {});
  if (is_memory(mapping.node)) one.slots.mapped(static_cast<std::int64_t>(bytes));
}

void mapping_freed(ThreadRecord& record, const Mappings::Part& part) {
  // Told first, as for blocks.
  const auto bytes = static_cast<std::int64_t>(part.bytes);
  if (is_memory(part.node)) {
    const bool is_cut = !part.is_last && part.birth_slot == one.slots.current();
    if (is_cut)
      one.slots.cut(bytes);
    else
      one.slots.unmapped(bytes, clock_ns(CLOCK_MONOTONIC_COARSE));
  }
  file::Change* change = one.log.of(record, part.node, one.slots);
  if (change == nullptr) return lose(&file::Losses::no_room);
  change->freed_count += part.is_last ? 1 : 0;
  change->freed_bytes += static_cast<double>(part.bytes);
}

// For the first event of a process; false where there is no profile, or another thread is about to begin it.
bool has_begun() {
  const State state = one.state.load(std::memory_order_acquire);
  if (state == State::off) return false;
  // Also where the fork came as another thread of the parent was starting, which is not here to end it.
  if (one.own_process.is_copy()) {
    if (one.own_process.claim()) begin_after_fork();
  } else if (state == State::ready && is_this_process()) {
    begin_first();
  }
  return one.state.load(std::memory_order_acquire) == State::on && is_this_process();
}

// Of a thread that is recording already: in a signal's handler, or within libc.
bool is_within_recording() {
  if (!here.is_busy) return false;
  if (one.state == State::on && is_this_process()) lose(&file::Losses::in_signal);
  return true;
}

}  // namespace

bool is_asked_for() {
  State state = one.state.load(std::memory_order_acquire);
  if (state == State::unstarted && ::environ != nullptr && !here.is_busy) {
    const Busy busy;
    get_ready();
    state = one.state.load(std::memory_order_acquire);
  }
  return state != State::off;
}

bool is_exact() { return one.options.is_exact; }

bool is_sampled(std::size_t bytes) {
  if (one.state.load(std::memory_order_relaxed) < State::ready && !one.own_process.is_copy()) return false;
  if (one.options.is_exact) {
    here.countdown = 0;  // a few requests for more memory than there is would lead it round to years
    return !is_within_recording();
  }
  if (here.is_busy) return false;
  if (here.random == 0) {  // the thread's first: the countdown was never set
    draw_next(0);
    if (here.countdown > 0) return false;
  }
  if (here.watched > 0) {
    here.countdown_after_watch -= static_cast<std::int64_t>(bytes & INT64_MAX);  // as in passes_by
    if (here.record != nullptr) ++here.record->allocations;
    if (here.countdown_after_watch > 0) {
      --here.watched;
      here.countdown = here.watched > 0 ? 0 : here.countdown_after_watch;
      if (here.watched == 0 && here.record != nullptr) here.record->allocations += kTemporaryWithin;
      return false;
    }
  }
  return true;
}

void allocated(std::uintptr_t address, std::size_t bytes, const CallerFrame& from) {
  const Busy busy;
  if (!has_begun()) return;
  ThreadRecord* record = own_record();
  if (record == nullptr) return lose(&file::Losses::no_room);
  look_at_clock();
  const std::uint64_t size = bytes < file::kBlockBytesMax ? bytes : file::kBlockBytesMax;
  const auto leaf = file::own_frame(file::OwnFrame::block, file::size_class(size));
  const std::uint32_t node = find_node(*record, from, leaf);
  put(*record, {address, size, node, 0, record->mean_exponent}, Birth::now);
  record->recent[record->allocations % kTemporaryWithin] = {~address, record->allocations};
  if (one.options.is_exact) {
    ++record->allocations;
    return;
  }
  adapt_mean(*record);
  record->mean_exponent = record->next_mean_exponent;
  here.countdown = 0;
  draw_next(record->mean_exponent);
  here.countdown_after_watch = here.countdown;
  here.watched = kTemporaryWithin;
  here.countdown = 0;
}

void was_refused() {
  here.countdown = 0;
  if (one.options.is_exact) return;
  here.watched = 0;
  draw_next(here.record == nullptr ? 0 : here.record->mean_exponent);
}

bool freed(std::uintptr_t address, Forgotten* forgotten) {
  if (is_within_recording()) return false;
  if (one.state != State::on || !is_this_process()) return false;
  if (!one.options.is_exact && sampled_at(address).load(std::memory_order_relaxed) == 0) return false;
  const Busy busy;
  ThreadRecord* record = own_record();
  if (record == nullptr) {
    lose(&file::Losses::no_room);
    return false;
  }
  Forgotten block;
  return block_freed(*record, address, forgotten == nullptr ? block : *forgotten);
}

void stays(const Forgotten& block) {
  if (here.is_busy || one.state != State::on || !is_this_process()) return;
  const Busy busy;
  ThreadRecord* record = own_record();
  if (record == nullptr) return lose(&file::Losses::no_room);
  look_at_clock();
  put(*record, block, Birth::before);
}

void mapped(std::uintptr_t begin, std::size_t bytes, Mapped what, const CallerFrame& from) {
  if (here.is_busy || !is_asked_for()) return;
  const Busy busy;
  if (!has_begun()) return;
  ThreadRecord* record = own_record();
  if (record == nullptr) return lose(&file::Losses::no_room);
  look_at_clock();
  put_mapping(*record, {begin, begin + bytes, file::kRoot, 0}, what, from);
}

void made_writable(std::uintptr_t begin, std::size_t bytes, const CallerFrame& from) {
  if (here.is_busy || one.state != State::on || !is_this_process()) return;
  const Busy busy;
  file::Mapping part;
  while (one.mappings.find_reserved(begin, begin + bytes, part)) {
    ThreadRecord* record = own_record();
    if (record == nullptr) return lose(&file::Losses::no_room);
    look_at_clock();
    one.mappings.take(part.begin, part.end, [](const Mappings::Part&) {});
    put_mapping(*record, part, Mapped::memory, from);
  }
}

Mapped what_is_mapped(std::uintptr_t address) {
  if (here.is_busy || one.state != State::on || !is_this_process()) return Mapped::memory;
  const Busy busy;
  file::Mapping mapping;
  if (!one.mappings.find(address, mapping)) return Mapped::memory;
  if (mapping.node == file::kRoot) return Mapped::reserved;
  return file::is_own(one.stacks.frame_of(mapping.node), file::OwnFrame::file) ? Mapped::file
                                                                               : Mapped::memory;
}

void unmapped(std::uintptr_t begin, std::size_t bytes) {
  if (here.is_busy || one.state != State::on || !is_this_process()) return;
  const Busy busy;
  ThreadRecord* record = own_record();
  if (record == nullptr) return lose(&file::Losses::no_room);
  look_at_clock();
  one.mappings.take(begin, begin + bytes, [&](const Mappings::Part& part) {
    if (part.node != file::kRoot) mapping_freed(*record, part);
  });
}

void module_unloaded() {
  if (here.is_busy || one.state != State::on || !is_this_process()) return;
  const Busy busy;
  if (one.modules.forget_unloaded()) one.unwinder.forget_all();
}

bool root_changes() {
  const State state = one.state;
  return (state == State::ready || state == State::on) && one.file.hold_folder(one.options.folder);
}

void root_stays() { one.file.let_go_of_folder(); }

void process_exits() {
  if (one.state != State::on || !is_this_process()) return;
  if (one.file.header()->ended_by_exit.exchange(1) != 0) return;
  one.slots.end(clock_ns(CLOCK_MONOTONIC));
  const Busy busy;
  one.records.forget_registers();
  scan_at_exit(one.options.folder, one.file.path());
  // What destructors free from here on was held all the same, and what lives now is what the scan has seen.
  give_up();
}

}  // namespace recorder

}  // namespace ullage::heap::track
