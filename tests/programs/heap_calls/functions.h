// SPDX-License-Identifier: Apache-2.0
// Every function that gives memory or takes it back, each called by a function of its own, `by_NAME`, by
// which a profile tells them apart. Built into the program and into a library that it opens.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace calls {

struct Function {
  const char* name;  // of who calls it
  void* (*take)(std::size_t bytes);
  void (*give_back)(void* block, std::size_t bytes);
  bool is_mapping;  // whole pages, not writable beyond what was asked for
};
std::span<const Function> functions();

// Of each function and size three blocks are taken and two of them kept, for ever.
constexpr std::array<std::size_t, 3> kSizes{256, 3072, 200'192};  // whole multiples of what is aligned
constexpr int kKept = 2;

// So that what is held is seen by nobody, stays, and who calls has a frame.
inline void use(void* pointer) { asm volatile("" : : "r"(pointer) : "memory"); }

}  // namespace calls

// Calls them all. Ends the program where one of them does not do what its manual says.
extern "C" [[gnu::visibility("default")]] void call_all_functions();
