// SPDX-License-Identifier: Apache-2.0
// Programs whose use of memory is known: `heap_corpus NAME` behaves as NAME says for half a second,
// `heap_corpus --list` prints what is true of each, as JSON. What allocates has a function of its own, by
// whose name a verdict is compared.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace corpus {

struct Case {
  const char* name;
  void (*run)();
  const char* kind;  // of the verdict about `function`: growing, lost, kept, settled; "" for a program with
                     // nothing to say of
  const char* function;  // that allocates
};

constexpr int kSteps = 120;

// So that what is remembered is seen by nobody, and stays.
inline void use(void* pointer) { asm volatile("" : : "r"(pointer) : "memory"); }

// A step of the work, in a few milliseconds.
template <typename Step>
void in_steps(Step step, int steps = kSteps) {
  for (int i = 0; i < steps; ++i) {
    step(i);
    std::this_thread::sleep_for(std::chrono::milliseconds(4));
  }
}

// What every program does besides.
inline void churn(int count = 50) {
  for (int i = 0; i < count; ++i) {
    void* block = std::malloc(static_cast<std::size_t>(32 + i * 37 % 900));
    use(block);
    std::free(block);
  }
}

}  // namespace corpus
