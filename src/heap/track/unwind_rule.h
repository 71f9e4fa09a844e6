// SPDX-License-Identifier: Apache-2.0
// How to get from a place in a function to its caller, as the compiler has written it down in .eh_frame
// (DWARF 5, 6.4; LSB, "Exception Frames"). Only what x86-64 compilers write: the caller's stack pointer (CFA)
// as a register plus an offset, the saved frame pointer beside it, and three well-known expressions. Places
// that need more have no rule.
#pragma once

#include <cstdint>

namespace ullage::heap::track {

struct UnwindRule {
  enum class Cfa : std::uint8_t {
    none,               // no rule: perhaps by frame pointer
    stack_pointer,      // rsp + offset
    frame_pointer,      // rbp + offset
    at_frame_pointer,   // what lies at rbp + offset: a function that has aligned its stack
    procedure_linkage,  // rsp + offset, 8 more from the 11th byte of the 16 on: a stub of .plt
    signal,             // the kernel's frame of a signal: all registers lie in it
    outermost,          // there is no caller
  };
  enum class SavedFramePointer : std::uint8_t { unchanged, below_cfa, beside_frame_pointer };

  Cfa cfa = Cfa::none;
  SavedFramePointer saved = SavedFramePointer::unchanged;
  std::int16_t saved_offset = 0;  // from the CFA, or from rbp
  std::int32_t cfa_offset = 0;
};
static_assert(sizeof(UnwindRule) == 8);

// A module's .eh_frame_hdr as it lies in memory, and a place in that module. Trusts what the loader has
// mapped.
UnwindRule find_rule(const unsigned char* eh_frame_header, std::uintptr_t place);

}  // namespace ullage::heap::track
