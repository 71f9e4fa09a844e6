// SPDX-License-Identifier: Apache-2.0
// The profile of this process: what the stand-ins for malloc and mmap tell is put into the file. One a
// process; begun with the first event after the program's own start, and anew in a child after a fork. Where
// it cannot begin, or runs out of room, the program goes on as if it were not there.
#pragma once

#include <cstddef>
#include <cstdint>

#include "heap/track/format.h"
#include "heap/track/unwinder.h"

namespace ullage::heap::track {

// Which blocks are looked up when they are freed: those that have none of these bits in their address.
// Sampled ones lie at the beginning of a page, or 16 bytes after, where libc puts large ones, also when the
// profile has ended; of exact profiles it is all, without a profile none.
extern std::uintptr_t looked_up_unless;
constexpr std::uintptr_t kSampledPlaces = 0xFEF;

namespace recorder {

// False: there is no profile of this process, and none to come.
bool is_asked_for();
bool is_exact();

// Moves the thread's countdown on. True if this allocation is to be recorded. When exact: always.
bool is_sampled(std::size_t bytes);
void allocated(std::uintptr_t address, std::size_t bytes, const CallerFrame& from);
// It was to be recorded, and there was no memory for it: the next one is not taken in its stead.
void was_refused();
// Before the block is given back, so that nobody else has its address yet. False: it was not known.
using Forgotten = file::BlockValues;
bool freed(std::uintptr_t address, Forgotten* forgotten = nullptr);
// It was not given back after all: counted anew, as if it had not been away.
void stays(const Forgotten& block);

// Memory is what can be written and has no file; what cannot be as yet is reserved.
enum class Mapped : std::uint8_t { memory, file, reserved };
void mapped(std::uintptr_t begin, std::size_t bytes, Mapped what, const CallerFrame& from);
void unmapped(std::uintptr_t begin, std::size_t bytes);
// What was only reserved of the range is memory from now on.
void made_writable(std::uintptr_t begin, std::size_t bytes, const CallerFrame& from);
// What lies there; memory where it is not known.
Mapped what_is_mapped(std::uintptr_t address);

void module_unloaded();
// Before the process changes its root: true if the profile's folder is held open from now on. And where the
// root has stayed after all.
bool root_changes();
void root_stays();
// The profile ends here: before destructors, and after the search for what is lost.
void process_exits();

}  // namespace recorder

}  // namespace ullage::heap::track
